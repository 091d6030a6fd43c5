import { ENTRY_BYTES, estimateBytes } from '../../core/bytes.ts'
import { FIRST_SLOT } from '../../core/slots.ts'
import { standingsOf } from '../../engine/standings.ts'
import type { Store } from '../../engine/store.ts'
import { matches, shownKey } from './keys.ts'
import { pathOf } from './spaces.ts'
import type { Entries, EntryState, SpacePath } from './wire.ts'

/** How many entries are told at once, and how long they are looked for, in milliseconds. */
const PAGE = 100
const SLICE = 20
/** The characters of keys and tags that are told at once. */
const TEXT = 200_000
/** How many slots are looked at between two looks at the time. */
const LOOKS = 512

/**
 * Live entries whose key contains `find`, in no particular order, from a place on. Changes nothing. Where entries are many it ends before
 * it has found a page, and says where to go on.
 */
export function findEntries(
  store: Store,
  { find, after, keys }: { readonly find: string; readonly after: number; readonly keys: 'plain' | 'hashed' },
): Omit<Entries, 'instance' | 'cache'> {
  const { slots } = store
  const now = store.clock.recent()
  const start = performance.now()
  const entries: EntryState[] = []
  let text = 0
  let slot = Math.max(FIRST_SLOT, after)
  for (; slot < slots.end; slot++) {
    if (slot % LOOKS === 0 && performance.now() - start > SLICE) break
    if (entries.length === PAGE || text > TEXT) break
    if (slots.isFree(slot) || !store.isLive(slot, now)) continue
    const table = store.ownerOf(slot)
    if (table.dropped !== undefined || !matches(slots.keys[slot], find)) continue
    const entry = entryAt(store, slot, now, pathOf(table.space, store), keys)
    entries.push(entry)
    // Large values take a while to look at.
    if (performance.now() - start > SLICE) {
      slot++
      break
    }
    text += entry.key.text.length + entry.tags.reduce((sum, tag) => sum + tag.length, 0)
  }
  return { entries, after: slot < slots.end ? slot : null }
}

function entryAt(
  store: Store,
  slot: number,
  now: number,
  path: SpacePath,
  keys: 'plain' | 'hashed',
): EntryState {
  const { slots, policy } = store
  const left = Math.abs(slots.deadlines[slot]!) - now
  const standings = standingsOf(policy)
  const isFrequent = standings.isFrequent(standings.meaning()(slots.marks[slot] ?? 0))
  const tags = new Set(slots.tags?.[slot]?.map(({ tag }) => tag.slice(0, 1000)))
  return {
    key: shownKey(slots.keys[slot], keys),
    path,
    age: ageOf(store, slot, now),
    left: left === Infinity ? null : Math.round(left),
    standing: store.settings.policy === 'adaptive' ? (isFrequent ? 'frequent' : 'recent') : null,
    tags: keys === 'hashed' ? [] : [...tags].slice(0, 50),
    weight: store.unit === 'weight' ? slots.weights![slot]! : null,
    bytes: store.unit === 'bytes' ? slots.weights![slot]! : bytesOf(slots.keys[slot], slots.values[slot]),
  }
}

function bytesOf(key: unknown, value: unknown): number | null {
  try {
    return ENTRY_BYTES + estimateBytes(key) + estimateBytes(value)
  } catch {
    return null
  }
}

/** The time of writing is not kept: it follows from the deadline, as long as nothing has another lifetime than all others. */
function ageOf({ slots, defaults, unusualUntil }: Store, slot: number, now: number): number | null {
  const { ttl, ttlJitter } = defaults
  if (ttl === Infinity || ttlJitter > 0 || unusualUntil > now) return null
  const deadline = slots.ttlDeadlines?.[slot] ?? Math.abs(slots.deadlines[slot]!)
  return Math.max(0, Math.round(ttl - (deadline - now)))
}
