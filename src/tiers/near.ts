import { type Cache, invalidate, storeOf } from '../cache.ts'
import type { Store } from '../engine/store.ts'
import { decodeKey, isComposite, splitPath } from './keys.ts'
import type { Cover } from './message.ts'

type AnyCache = Cache<unknown, unknown>

/** The local key space of keys that are not of a primitive type, in each namespace. */
export const COMPOSITES = 'K'

/** How many long keys are remembered before those that are held no more are dropped. */
const MANY = 1000

/**
 * The local part of a tiered cache: which of its entries an invalidation concerns. Keys of primitive types live there as they are; all
 * others live under their encoding, in a key space of their own, so that they meet no string.
 */
export class Near {
  readonly root: AnyCache
  /** Keys whose encoding is a hash, by key space and encoding. */
  readonly #long = new Map<string, { readonly space: AnyCache; readonly key: unknown }>()
  readonly #keeps: boolean
  readonly #store: Store

  /** `keepsStale`: what is distrusted may still be given where a load fails. */
  constructor(root: AnyCache, keepsStale: boolean) {
    this.root = root
    this.#keeps = keepsStale
    this.#store = storeOf(root)
  }

  /** The local key space of a namespace, by the text of its name. */
  static inside(space: AnyCache, name: string): AnyCache {
    return space.namespace(`N${name}`)
  }

  /** Where keys live that are not of a primitive type. */
  static composites(space: AnyCache): AnyCache {
    return space.namespace(COMPOSITES)
  }

  /** A primitive key whose encoding does not tell it is about to be held. */
  noteLong(path: string, encoded: string, space: AnyCache, key: unknown): void {
    this.#long.set(path + encoded, { space, key })
    if (this.#long.size < MANY || this.#long.size < 2 * this.root.stats().size) return
    for (const [one, held] of this.#long) if (!held.space.has(held.key)) this.#long.delete(one)
  }

  /** Removes what is covered, and overtakes loads of it. `isForeign`: another process has said so. */
  drop(cover: Cover, isForeign = false): void {
    if (cover.isClear) {
      this.root.clear()
      return
    }
    for (const key of cover.keys) this.#dropKey(key, removerOf(cover, isForeign))
    for (const tag of cover.tags) {
      const at = splitPath(tag)
      if (at === undefined) continue
      const space = at.names.reduce(Near.inside, this.root)
      if (at.rest === '') space.clear()
      else space.deleteByTag(at.rest)
    }
  }

  #dropKey(encoded: string, remove: (space: AnyCache, key: unknown) => unknown): void {
    const at = splitPath(encoded)
    if (at === undefined) return
    const space = at.names.reduce(Near.inside, this.root)
    const { rest } = at
    if (rest[0] === 'h') {
      const long = this.#long.get(encoded)
      if (long !== undefined) remove(long.space, long.key)
    }
    if (isComposite(rest)) remove(Near.composites(space), rest)
    else remove(space, decodeKey(rest))
  }

  /** What is held may be given until then; `onLapse`, which is to distrust it, is called before the first read after that. */
  trust(until: number, onLapse: () => void): void {
    this.#store.expiry.trust(until, onLapse)
  }

  /** For reads that go by no `get`: calls `onLapse` where the trust has ended. */
  checkTrust(): void {
    this.#store.expiry.lapses(this.#store.clock.recent())
  }

  /** Nothing held can be told to be fresh, and no load under way. What is held is kept for loads that fail, where that is allowed. */
  distrust(): void {
    if (this.#keeps) this.root.expireAll()
    else this.root.clear()
  }
}

/** How a key is removed by such an invalidation. */
function removerOf({ expires }: Cover, isForeign: boolean): (space: AnyCache, key: unknown) => unknown {
  if (expires) return (space, key) => space.expire(key)
  return isForeign ? invalidate : (space, key) => space.delete(key)
}
