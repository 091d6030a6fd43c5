import { NONE } from '../core/slots.ts'
import type { Space } from '../core/space.ts'
import type { Store } from './store.ts'

/**
 * The live entries of a space, by key and slot: those used last first with the policy `'lru'`, else in the order of the Map. Each is live
 * when it is given. As many steps as there are keys at the start, so that writing while iterating ends.
 */
export function* liveEntries(store: Store, space: Space): Generator<[key: unknown, slot: number], undefined> {
  store.assertOpen(space)
  const { map } = space
  let left = map.size
  for (const [key, slotThen] of store.settings.policy === 'lru' ? byRecency(store, space) : map) {
    if (left-- === 0) return
    // Once the space has another Map, this one tells only what may still be there.
    const isLookedUp = slotThen === NONE || store.slots.isBehind || space.map !== map
    const slot = isLookedUp ? (store.slotOf(space, key) ?? NONE) : slotThen
    if (store.isLive(slot, store.clock.now())) yield [key, slot]
  }
}

/** The keys of a space, that used last first; their slots are to be looked up, since they may change until it is their turn. */
function byRecency({ slots, policy, root }: Store, space: Space): [key: unknown, slot: typeof NONE][] {
  const { owners, prev } = slots
  const keys: [unknown, typeof NONE][] = []
  const { oldest } = policy.queues[0]!
  for (let slot = prev[oldest]; keys.length < space.map.size; slot = prev[slot])
    if ((owners === undefined ? root.table : owners[slot]) === space.table)
      keys.push([slots.keys[slot], NONE])
  return keys
}
