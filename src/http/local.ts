import { Cache } from '../cache.ts'
import type { Brought, Keeping, Place } from './keeping.ts'
import type { ResponseSettings } from './options.ts'
import { type StoredResponse, type UrlRecord, weighEntry } from './stored.ts'

/** The parts of a cache, or of a namespace of it. */
interface Shelf {
  readonly all: Cache<string, StoredResponse | UrlRecord>
  readonly urls: Cache<string, UrlRecord>
  readonly responses: Cache<string, StoredResponse>
}

/** Responses in this process alone. */
export class LocalResponses implements Keeping {
  readonly fetch = undefined
  readonly #whole: Shelf
  #ids = 0

  constructor({ cache, maxBytes }: ResponseSettings) {
    this.#whole = shelfOf(new Cache({ ...cache, maxWeight: maxBytes, weigh: weighEntry }))
  }

  record({ namespace, key }: Place): UrlRecord | undefined {
    return this.#shelf(namespace).urls.get(key)
  }

  response({ namespace }: Place, name: string): StoredResponse | undefined {
    return this.#shelf(namespace).responses.get(name)
  }

  begin(): void {}

  release(): void {}

  keep({ place, stored, varies, ttl, variant }: Brought): boolean {
    const { urls, responses } = this.#shelf(place.namespace)
    const before = urls.peek(place.key)
    const all = [...new Set([...(before?.varies ?? []), ...varies])].sort()
    const isSame = before !== undefined && before.varies.length === all.length
    const record: UrlRecord = isSame ? before : { id: `${++this.#ids} `, varies: all }
    const recordTtl = Math.max(ttl, before === undefined ? 0 : (urls.expiresIn(place.key) ?? 0))
    urls.set(place.key, record, { ttl: recordTtl })
    responses.set(record.id + variant(all), stored, { ttl, tags: stored.tags })
    return true
  }

  delete({ namespace, key }: Place): boolean {
    return this.#shelf(namespace).urls.delete(key)
  }

  deleteByTag(namespace: string | undefined, tag: string): void {
    this.#shelf(namespace).all.deleteByTag(tag)
  }

  clear(namespace: string | undefined): void {
    this.#shelf(namespace).all.clear()
  }

  stats(): { size: number; weight: number } {
    return this.#whole.all.stats()
  }

  close(): void {
    this.#whole.all.close()
  }

  #shelf(namespace: string | undefined): Shelf {
    return namespace === undefined ? this.#whole : shelfOf(this.#whole.all.namespace(inside(namespace)))
  }
}

function shelfOf(all: Shelf['all']): Shelf {
  return { all, urls: all.namespace('urls'), responses: all.namespace('responses') }
}

/** The namespace of a cache for one that requests are assigned to: none is named like a part. */
export function inside(namespace: string): string {
  return `in ${namespace}`
}
