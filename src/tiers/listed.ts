import { storeOf } from '../cache.ts'
import type { Store } from '../engine/store.ts'
import type { Opened } from './opened.ts'

const listed = Symbol.for('nearcache.tiers.1')
const shared = globalThis as { [listed]?: Map<string, Opened> }

/** Tiered caches by name, one list for the process, so that reloaded modules and copies of this package share one state of the protocol. */
export function openedTiers(): Map<string, Opened> {
  shared[listed] ??= new Map()
  return shared[listed]
}

/** The tiered cache whose local part a store is; undefined where it is none. */
export function tieredAt(store: Store): Opened | undefined {
  for (const opened of openedTiers().values()) if (storeOf(opened.near.root) === store) return opened
  return undefined
}
