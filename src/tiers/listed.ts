import type { Opened } from './opened.ts'

const listed = Symbol.for('nearcache.tiers.1')
const shared = globalThis as { [listed]?: Map<string, Opened> }

/** Tiered caches by name, one list for the process, so that reloaded modules and copies of this package share one state of the protocol. */
export function openedTiers(): Map<string, Opened> {
  shared[listed] ??= new Map()
  return shared[listed]
}
