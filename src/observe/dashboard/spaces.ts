import type { Space } from '../../core/space.ts'
import type { Store } from '../../engine/store.ts'
import type { SpacePath } from './wire.ts'

/** Where a key space stands in its cache: the names that lead to it. */
export function pathOf(space: Space, store: Store): SpacePath {
  const path: (string | number | { readonly prefix: number })[] = []
  let outer = space
  for (; outer.parent !== undefined; outer = outer.parent) path.unshift(outer.name!)
  if (outer !== store.root) path.unshift({ prefix: prefixesOf(store).indexOf(outer) + 1 })
  return path
}

/** The key space of that path, where it is there. */
export function spaceAt(path: unknown, store: Store): Space | undefined {
  const wanted = JSON.stringify(path ?? [])
  if (wanted === '[]') return store.root
  for (const space of store.spaces()) if (JSON.stringify(pathOf(space, store)) === wanted) return space
  return undefined
}

/** Key spaces of applications that share the store. */
function prefixesOf(store: Store): Space[] {
  return [...store.spaces()].filter((space) => space.parent === undefined && space !== store.root)
}
