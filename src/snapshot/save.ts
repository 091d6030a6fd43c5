import { type Cache, spaceOf, storeOf } from '../cache.ts'
import { isIdentified } from '../core/key-hash.ts'
import type { Space } from '../core/space.ts'
import { isRemembered, Picture, type Placed, type Portrait, portraitOf } from '../engine/picture.ts'
import type { Store } from '../engine/store.ts'
import { positiveInteger } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import { checkSerializer, defaultSerializer, jsonOf, type Serializer } from '../serialize.ts'
import { assertCache, assertOptions } from './arguments.ts'
import { type Give, writeFile, writeStream } from './file.ts'
import {
  type Extras,
  endLine,
  entryLine,
  ghostLine,
  headLine,
  LONGEST_LINE,
  lineSum,
  type Path,
} from './format.ts'
import { Slices } from './slices.ts'

/** A writable stream of Node, as far as it is described here. */
export interface WritableLike {
  write(chunk: string): boolean
  end(): unknown
  destroy(error?: Error): unknown
}

export interface SaveOptions<K = unknown, V = unknown> {
  /** How values become bytes; by default JSON, and a form of it that tells more types apart. */
  readonly serializer?: Serializer | undefined
  /** Which entries are saved; all by default. */
  readonly filter?: ((key: K, value: V) => boolean) | undefined
  /** How many entries are saved at most, those that would be evicted last; all by default. */
  readonly most?: number | undefined
}

/** What was saved. */
export interface SavedSnapshot {
  readonly entries: number
  /** Entries that could not be written: keys told apart by identity, values that the serializer refuses. The first one is a fault. */
  readonly refused: number
  /** The size of the file; undefined for a stream. */
  readonly bytes: number | undefined
}

/** Entries with less time left than this are not worth saving, in milliseconds. */
const LEAST_LEFT = 1000
/** Characters gathered before they are handed on. */
const CHUNK = 64 * 1024

const OPTIONS = ['serializer', 'filter', 'most']

/**
 * Saves what a cache or namespace holds, and its standing with the policy, to a file or a stream: values, lifetimes, tags, namespaces and
 * versions; not counters, loads under way, or what failed loads found. Written in slices while the cache is in use. Of what is
 * written or removed meanwhile some is in it and some is not, and each entry is as it was at one moment.
 *
 * A file is written beside its place, with access for its owner alone, and put there when it is complete. It is compressed as its name ends: `.gz`, `.br`. Rejects where
 * that fails, or with what `filter` throws; then an earlier file stays.
 */
export async function save<K, V>(
  cache: Cache<K, V>,
  target: string | WritableLike,
  options: SaveOptions<K, V> = {},
): Promise<SavedSnapshot> {
  assertCache(cache)
  assertOptions(options, OPTIONS, 'save')
  const { serializer, filter, most } = options
  if (serializer !== undefined) checkSerializer(serializer, 'serializer')
  if (filter !== undefined && typeof filter !== 'function') throw refusal('filter', 'a function', filter)
  if (most !== undefined) positiveInteger(most, 'most')
  const writer = new Writer(storeOf(cache), spaceOf(cache), options as SaveOptions)
  const write = (give: Give): Promise<void> => writer.write(give)
  if (typeof target === 'string' && target !== '')
    return { ...writer.counts, bytes: await writeFile(target, write), ...writer.counts }
  if (typeof (target as WritableLike | undefined)?.write !== 'function')
    throw refusal('target', 'a path or a writable stream', target)
  await writeStream(target as Parameters<typeof writeStream>[0], write)
  return { ...writer.counts, bytes: undefined }
}

class Writer {
  readonly counts: { entries: number; refused: number } = { entries: 0, refused: 0 }
  readonly #store: Store
  readonly #options: SaveOptions
  readonly #spaces: Map<Space, { readonly place: number; readonly path: Path }>
  /** When the order was copied, by the clock of the store and in Unix time. */
  readonly #start: number
  readonly #saved: number = Date.now()
  readonly #picture: Picture
  #lines = 0
  #sum = 0

  constructor(store: Store, space: Space, options: SaveOptions) {
    this.#store = store
    this.#options = options
    this.#start = store.clock.read()
    store.finishChanges()
    this.#picture = new Picture(store)
    this.#spaces = pathsFrom(space)
  }

  async write(give: Give): Promise<void> {
    const store = this.#store
    await give(
      `${headLine({
        cache: store.label,
        saved: this.#saved,
        serializer: this.#options.serializer?.id ?? defaultSerializer.id,
        policy: store.settings.policy,
        state: this.#picture.state,
        bounds: [numberOrNull(store.wantedEntries), numberOrNull(store.maxWeight)],
        spaces: [...this.#spaces.values()].map(({ path }) => path),
      })}\n`,
    )
    const slices = new Slices()
    while (this.#picture.copySome()) if (slices.isOver) await slices.pause()
    let left = Math.max(0, store.size - (this.#options.most ?? Infinity))
    let text = ''
    for (const placed of this.#picture.placed()) {
      if (!placed.isGhost && left > 0) left--
      else {
        const line = this.#lineOf(placed)
        if (line !== undefined) {
          this.#lines++
          this.#sum = lineSum(line, this.#sum)
          text += `${line}\n`
        }
      }
      if (text.length > CHUNK) {
        await give(text)
        text = ''
      }
      if (slices.isOver) await slices.pause()
    }
    await give(`${text}${endLine({ entries: this.counts.entries, lines: this.#lines, sum: this.#sum })}\n`)
  }

  #lineOf({ space, key, standing, isGhost }: Placed): string | undefined {
    const place = this.#spaces.get(space)?.place
    if (place === undefined) return undefined
    const store = this.#store
    if (isGhost) {
      if (isIdentified(key) || typeof key === 'symbol' || !isRemembered(store, space, key)) return undefined
      return ghostLine(place, standing, key)
    }
    const now = store.clock.recent()
    const portrait = portraitOf(store, space, key, now)
    if (portrait === undefined || portrait.left + portrait.grace < LEAST_LEFT) return undefined
    if (this.#options.filter?.(key, store.copyOut(portrait.value)) === false) return undefined
    try {
      const line = this.#entryLine(place, standing, key, portrait, now - this.#start)
      this.counts.entries++
      return line
    } catch (error) {
      if (this.counts.refused++ === 0) store.faults.report('snapshot', error, key)
      return undefined
    }
  }

  #entryLine(space: number, standing: number, key: unknown, portrait: Portrait, passed: number): string {
    if (isIdentified(key) || typeof key === 'symbol')
      throw new TypeError(
        'key: expected one that can be stored outside the process, which is told apart by what it says',
      )
    const { value, left, grace, refresh, idle, tags } = portrait
    const { serializer } = this.#options
    const { form, json } =
      serializer === undefined
        ? jsonOf(value)
        : { form: 'B', json: `"${Buffer.from(serializer.encode(value)).toString('base64')}"` }
    const extras: Extras = {
      ...(tags.length > 0 && { tags }),
      ...(grace > 0 && { grace: numberOrNull(grace) }),
      ...(refresh !== undefined && { refresh: numberOrNull(refresh + passed) }),
      ...(idle > 0 && { idle: idle - passed }),
    }
    const row = { space, standing, key, form, left: numberOrNull(left + passed) }
    const line = entryLine(Object.keys(extras).length > 0 ? { ...row, extras } : row, json)
    if (line.length > LONGEST_LINE / 3 && Buffer.byteLength(line) > LONGEST_LINE)
      throw new RangeError(`value: expected at most ${LONGEST_LINE} bytes, got more`)
    return line
  }
}

/** The spaces in which something may be, with their ways from the first one. */
function pathsFrom(space: Space): Map<Space, { readonly place: number; readonly path: Path }> {
  const paths = new Map([[space, { place: 0, path: [] as Path }]])
  for (const inside of space.all()) {
    if (inside.map.size === 0 || paths.has(inside)) continue
    const path: (string | number)[] = []
    for (let one = inside; one !== space; one = one.parent!) path.unshift(one.name!)
    paths.set(inside, { place: paths.size, path })
  }
  return paths
}

function numberOrNull(number: number): number | null {
  return number === Infinity ? null : number
}
