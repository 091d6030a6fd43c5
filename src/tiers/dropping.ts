import type { Space } from '../core/space.ts'
import type { Store } from '../engine/store.ts'
import { encodeKey, shortened } from './keys.ts'
import { COMPOSITES } from './near.ts'
import type { Opened } from './opened.ts'

/**
 * Removes everywhere what the local part of a tiered cache holds in a key space: under a key as it stands there, or all of it and of what
 * is inside. Resolves with whether the second tier has acknowledged it in time; else it stays queued. Undefined for a space that is
 * none of the cache's own.
 */
export function dropEverywhere(
  { protocol }: Opened,
  store: Store,
  space: Space,
  entry?: { readonly key: unknown },
): Promise<boolean> | undefined {
  const names: string[] = []
  let outer = space
  for (; outer.parent !== undefined; outer = outer.parent) {
    if (typeof outer.name !== 'string') return undefined
    names.unshift(outer.name)
  }
  if (outer !== store.root) return undefined
  const areComposites = names.at(-1) === COMPOSITES
  if (areComposites) names.pop()
  // The local name of a namespace is its text in the second tier after a letter.
  const path = names.map((name) => `N${name.length - 1}:${name.slice(1)}`).join('')
  const nothing = { keys: [], tags: [], isClear: false, expires: false }
  if (entry === undefined) {
    if (areComposites) return undefined
    return protocol.invalidate(path === '' ? { ...nothing, isClear: true } : { ...nothing, tags: [path] })
  }
  const own = areComposites ? String(entry.key) : shortened(encodeKey(entry.key))
  return protocol.invalidate({ ...nothing, keys: [path + own] })
}
