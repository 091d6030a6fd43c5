import type { Store } from '../../engine/store.ts'
import type { TierState } from './wire.ts'

/** The second tier behind a store; null where there is none. */
export function tierOf(_store: Store): TierState | null {
  return null
}
