import { isRecord } from '../options/options.ts'
import type { Exchange } from './exchange.ts'
import type { Brought, Keeping, Place } from './keeping.ts'
import { inside } from './local.ts'
import type { StoredResponse, UrlRecord } from './stored.ts'

/** What is called of a `TieredCache`. */
export interface SharedCache {
  get(key: string): unknown
  peek(key: string): unknown
  lookup(key: string): Promise<unknown>
  getOrLoad(key: string, loader: () => Promise<unknown>, options: object): Promise<unknown>
  set(key: string, value: unknown, options: object): Promise<boolean>
  delete(key: string): Promise<boolean>
  deleteByTag(tag: string): Promise<boolean>
  clear(): Promise<boolean>
  namespace(name: string): SharedCache
  stats(): { readonly size: number; readonly weight: number }
}

/** At least this long a record is kept, in milliseconds: the responses of a URL are found by it. */
const RECORD_TTL = 600_000

interface Shelf {
  readonly all: SharedCache
  readonly urls: SharedCache
  readonly responses: SharedCache
}

/**
 * Responses in a tiered cache. A response is the result of a load that begins with the run of its handler, so that whatever any process
 * invalidates meanwhile keeps it out: of a URL that is not known yet, the load of its record, under whose new id the response stands.
 */
export class SharedResponses implements Keeping {
  readonly #whole: Shelf
  readonly #openings = new WeakMap<Exchange, Opening>()

  constructor(cache: SharedCache) {
    this.#whole = shelfOf(cache)
  }

  record({ namespace, key }: Place): UrlRecord | undefined {
    const record = held(this.#shelf(namespace).urls, key)
    return isUrlRecord(record) ? record : undefined
  }

  response({ namespace }: Place, name: string): StoredResponse | undefined {
    const response = held(this.#shelf(namespace).responses, name)
    return isStoredResponse(response) ? response : undefined
  }

  readonly fetch = async (
    { namespace, key }: Place,
    variant: (record: UrlRecord) => string,
  ): Promise<void> => {
    const { urls, responses } = this.#shelf(namespace)
    try {
      const record = await urls.lookup(key)
      if (isUrlRecord(record)) await responses.lookup(record.id + variant(record))
    } catch {
      // What the others have is not known; the handler is.
    }
  }

  begin(exchange: Exchange, place: Place, record: UrlRecord | undefined, variant: string): void {
    const { urls, responses } = this.#shelf(place.namespace)
    const opening =
      record === undefined
        ? new Opening(urls, place.key, undefined)
        : new Opening(responses, record.id + variant, record)
    this.#openings.set(exchange, opening)
  }

  release(exchange: Exchange): void {
    void this.#openings.get(exchange)?.settle(undefined, 0, [])
  }

  async keep(brought: Brought): Promise<boolean> {
    try {
      return await this.#keep(brought)
    } catch {
      return false
    }
  }

  async #keep({ exchange, place, stored, varies, ttl, variant }: Brought): Promise<boolean> {
    const opening = this.#openings.get(exchange)
    if (opening === undefined) return false
    const { urls, responses } = this.#shelf(place.namespace)
    const { tags } = stored
    const { record: known } = opening
    if (known === undefined) {
      const record: UrlRecord = { id: `${crypto.randomUUID()} `, varies: [...new Set(varies)].sort() }
      await opening.settle(record, Math.max(ttl, RECORD_TTL), tags)
      // Overtaken, or another run has brought the record.
      if (this.record(place)?.id !== record.id) return false
      const name = record.id + variant(record.varies)
      await responses.set(name, stored, { ttl, tags })
      return responses.peek(name) !== undefined
    }
    const isSame = varies.every((name) => known.varies.includes(name))
    if (isSame && this.record(place)?.id === known.id) {
      await opening.settle(stored, ttl, tags)
      const kept = this.response(place, known.id + variant(known.varies))
      return kept?.receivedAt === stored.receivedAt
    }
    await opening.settle(undefined, 0, [])
    // Its responses vary by more than was known: all of them are found anew.
    if (!isSame) await urls.delete(place.key)
    return false
  }

  delete({ namespace, key }: Place): boolean {
    const { urls } = this.#shelf(namespace)
    const isHere = held(urls, key) !== undefined
    void tellNobody(() => urls.delete(key))
    return isHere
  }

  deleteByTag(namespace: string | undefined, tag: string): void {
    void tellNobody(() => this.#shelf(namespace).all.deleteByTag(tag))
  }

  clear(namespace: string | undefined): void {
    void tellNobody(() => this.#shelf(namespace).all.clear())
  }

  stats(): { size: number; weight: number } {
    return this.#whole.all.stats()
  }

  /** The cache belongs to whoever made it. */
  close(): void {}

  #shelf(namespace: string | undefined): Shelf {
    return namespace === undefined ? this.#whole : shelfOf(this.#whole.all.namespace(inside(namespace)))
  }
}

/** A load under way, whose result is brought by the run of a handler. */
class Opening {
  /** What was known of the URL when the run began. */
  readonly record: UrlRecord | undefined
  #bring: (value: unknown) => void = () => {}
  #isSettled = false
  #ttl = 0
  #tags: readonly string[] = []
  readonly #loaded: Promise<unknown>

  constructor(cache: SharedCache, key: string, record: UrlRecord | undefined) {
    this.record = record
    const brought = new Promise<unknown>((resolve) => {
      this.#bring = resolve
    })
    // A stale response may still be there; a record is not, and whose load others have begun is theirs to bring.
    const forceRefresh = record !== undefined
    const options = { forceRefresh, ttl: () => this.#ttl, tags: () => this.#tags, negativeTtl: 0 }
    this.#loaded = (async () => cache.getOrLoad(key, () => brought, options))().catch(() => undefined)
  }

  /** Ends the load with this value, or with none; resolves with what it brought. Never rejects. A second call changes nothing. */
  settle(value: unknown, ttl: number, tags: readonly string[]): Promise<unknown> {
    if (this.#isSettled) return this.#loaded
    this.#isSettled = true
    this.#ttl = ttl
    this.#tags = tags
    this.#bring(value)
    return this.#loaded
  }
}

function shelfOf(all: SharedCache): Shelf {
  return { all, urls: all.namespace('urls'), responses: all.namespace('responses') }
}

// What another process has stored may be of another version, or no response at all: such entries are misses.

function isUrlRecord(value: unknown): value is UrlRecord {
  return isRecord(value) && typeof value.id === 'string' && Array.isArray(value.varies)
}

function isStoredResponse(value: unknown): value is StoredResponse {
  if (!isRecord(value)) return false
  const { status, fields, body, tags, receivedAt, lifetime } = value
  const areNumbers = [status, receivedAt, lifetime].every((number) => typeof number === 'number')
  return areNumbers && Array.isArray(fields) && Array.isArray(tags) && body instanceof Uint8Array
}

/** What this process holds; nothing where the cache was closed. Counts as a use. */
function held(cache: SharedCache, key: string): unknown {
  try {
    return cache.get(key)
  } catch {
    return undefined
  }
}

/** Whatever fails is told to `onError` by the cache itself, unless that was closed. */
async function tellNobody(act: () => Promise<unknown>): Promise<void> {
  try {
    await act()
  } catch {}
}
