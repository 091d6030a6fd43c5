import type { Cache } from '../cache.ts'
import { checkTags, type LoadOptions } from '../options/options.ts'
import { milliseconds } from '../options/units.ts'
import { encodeKey, encodeText, inside, shortened, splitPath } from './keys.ts'
import type { Cover } from './message.ts'
import { Near } from './near.ts'
import type { Opened } from './opened.ts'
import type { Protocol } from './protocol.ts'
import type { StoreTerms } from './remote-values.ts'

type AnyCache = Cache<unknown, unknown>

/** A tiered cache or one of its namespaces: where its keys and tags stand here and in the second tier. */
export class TieredSpace {
  readonly opened: Opened
  readonly protocol: Protocol
  /** Keys of primitive types live here. */
  readonly local: AnyCache
  /** All other keys live here, under their encoding. */
  readonly composites: AnyCache
  /** The namespaces that lead here, as text before keys and tags. */
  readonly path: string
  /** The path of each level, outermost first. */
  readonly #levels: readonly string[]

  constructor(opened: Opened, local: AnyCache = opened.near.root, path = '') {
    this.opened = opened
    this.protocol = opened.protocol
    this.local = local
    this.composites = Near.composites(local)
    this.path = path
    this.#levels = levelsOf(path)
  }

  /** The key space of a namespace in this one. */
  inside(name: string): TieredSpace {
    return new TieredSpace(this.opened, Near.inside(this.local, encodeText(name)), inside(this.path, name))
  }

  // Keys

  /** The local key space that has such a key. */
  localOf(key: unknown): AnyCache {
    return isPlain(key) ? this.local : this.composites
  }

  /** The key under which an entry lives here. */
  localKey(key: unknown): unknown {
    return isPlain(key) ? key : this.encode(key).slice(this.path.length)
  }

  /** A key as it stands in the second tier. Throws a TypeError for one that cannot be encoded. */
  encode(key: unknown): string {
    const { encodeKey: own } = this.opened
    const isOwn = own !== undefined && !isPlain(key) && !Array.isArray(key)
    return this.path + shortened(isOwn ? `e${own(key as never)}` : encodeKey(key))
  }

  /** The key here of one that is about to be held, noted where its encoding alone does not tell it. */
  hold(key: unknown, text: string): unknown {
    const own = text.slice(this.path.length)
    if (!isPlain(key)) {
      this.opened.composites.note(own, key, this.composites)
      return own
    }
    if (own[0] === 'h') this.opened.near.noteLong(this.path, own, this.local, key)
    return key
  }

  /** The live entries here, under the keys that callers know. */
  *entries(): Generator<[unknown, unknown], undefined> {
    this.protocol.checkTrust()
    yield* this.local.entries()
    for (const [text, value] of this.composites.entries())
      yield [this.opened.composites.get(text as string), value]
  }

  // Tags

  /** Tags as they stand in the second tier: once for every level, and each level for itself, so that it can be cleared. */
  levelled(tags: readonly string[]): string[] {
    const texts = tags.map(encodeText)
    return this.#levels.flatMap((level) => [
      ...(level === '' ? [] : [level]),
      ...texts.map((text) => level + text),
    ])
  }

  /** Tags as they stand here, from those of the second tier. */
  ownTags(levelled: readonly string[]): string[] {
    const own: string[] = []
    for (const tag of levelled) {
      const at = splitPath(tag)
      if (at !== undefined && at.rest !== '' && tag === this.path + at.rest) own.push(at.rest)
    }
    return own
  }

  // Values

  /** What holds for a value in the second tier. Throws a TypeError or RangeError for wrong options. */
  terms(
    value: unknown,
    key: unknown,
    ttl: LoadOptions['ttl'] | LoadOptions<never, never>['ttl'],
    tags: unknown,
  ): StoreTerms {
    const { opened } = this
    const own = typeof ttl === 'function' && value !== undefined ? ttl(value as never, key as never) : ttl
    const time = typeof own === 'function' || own === undefined ? opened.ttl : milliseconds(own, 'ttl')
    const jitter = 1 - opened.ttlJitter * opened.host.random()
    const isTold = typeof tags === 'function' && value !== undefined
    const named = isTold ? tags(value, key) : typeof tags === 'function' ? undefined : tags
    return { ttl: time * jitter, stale: opened.staleIfError, tags: this.levelled(checkTags(named) ?? []) }
  }

  /** How long a value may live here that has so long left, and whose load began at `start`. */
  localTtl(left: number, start: number): number {
    return Math.min(left, this.protocol.settings.nearTtl, this.protocol.limit(start))
  }

  /** Keeps a value here that has so long left, with tags of the second tier; whether it can be read now. */
  keep(
    key: unknown,
    text: string,
    value: unknown,
    left: number,
    tags: readonly string[],
    start: number,
  ): boolean {
    const ttl = this.localTtl(left, start)
    this.localOf(key).set(this.hold(key, text), value, { ttl, tags: this.ownTags(tags) })
    return ttl > 0
  }
}

/** Nothing yet, for an invalidation that adds what it covers. */
export const nothing: Cover = { keys: [], tags: [], isClear: false, expires: false }

/** Whether a key lives here as it is. */
export function isPlain(key: unknown): boolean {
  return typeof key !== 'object' || key === null
}

function levelsOf(path: string): string[] {
  const levels = ['']
  for (const name of splitPath(path)?.names ?? []) levels.push(`${levels.at(-1)}N${name.length}:${name}`)
  return levels
}
