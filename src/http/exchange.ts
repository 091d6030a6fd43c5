import { isNotModified, type Part, partFor, validators, validatorsOf } from './conditions.ts'
import { dated, type Field, fieldValue, listed, storedFields } from './fields.ts'
import { ageNow, type Freshness, freshnessOf } from './freshness.ts'
import type { Route } from './options.ts'
import type { RequestHead } from './requests.ts'
import { freshened, type StoredResponse } from './stored.ts'

/** What an exchange asks of the cache that it belongs to. */
export interface Keeper {
  readonly maxBodyBytes: number
  now(): number
  hasCookies(request: RequestHead): boolean
  /** The `Cache-Status` field that says this, in an array; an empty one where there is to be none. */
  status(says: string): Field[]
  /** Stores what an exchange brought, unless that was overtaken. Returns whether it did, or a promise of that, which never rejects. */
  store(exchange: Exchange, stored: StoredResponse, varies: readonly string[]): boolean | Promise<boolean>
  /** Notes that responses to this URL are not stored. */
  pass(exchange: Exchange): void
  invalidate(exchange: Exchange, status: number, fields: readonly Field[]): void
  /** Hands on an error that no client is told of. */
  report(error: unknown): void
  /** The exchange has nothing more to bring: those who wait for it go on. */
  release(exchange: Exchange): void
}

/** What becomes of a response whose head is known. */
export interface Verdict {
  /** What is sent in its place. */
  readonly instead: Part | undefined
  /** Whether the cache wants the body, chunk by chunk, and to be told its end. */
  readonly isKept: boolean
  /** Fields to be sent with it. */
  readonly added: readonly Field[]
}

/** Why a request goes to the handler (RFC 9211, 2.2). */
export type Reason = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'stale' | 'request'

/** The head of a response whose body is being kept. */
interface Kept {
  readonly status: number
  readonly fields: Field[]
  readonly freshness: Freshness
  readonly varies: readonly string[]
  /** Bytes of the body, where the response says. */
  readonly length: number | undefined
}

const NONE: ReadonlySet<string> = new Set()

/** One run of a handler: the request as it is to see it, and what becomes of its response. */
export class Exchange {
  readonly request: RequestHead
  readonly reason: Reason
  /** Where the response is kept: the namespace and the URL's key. */
  readonly place: { readonly namespace: string | undefined; readonly key: string } | undefined
  /** What is stored already, and is to be validated or to stand in for an error. */
  readonly stale: StoredResponse | undefined
  /** By what those who ask for the same find this exchange, and what they wait for; undefined where nobody waits. */
  readonly flight: string | undefined
  readonly done: Promise<void>
  route: Route
  /** Whether what it brings was invalidated while it ran. */
  isOvertaken = false
  readonly deletedTags: Set<string> = new Set()

  readonly #keeper: Keeper
  #release: () => void = () => {}
  #chunks: Uint8Array[] = []
  #size = 0
  #kept: Kept | undefined
  #hasEnded = false

  constructor(
    keeper: Keeper,
    request: RequestHead,
    reason: Reason,
    route: Route,
    place?: Exchange['place'],
    stale?: StoredResponse,
    flight?: string,
  ) {
    this.#keeper = keeper
    this.request = request
    this.reason = reason
    this.route = route
    this.place = place
    this.stale = stale
    this.flight = flight
    this.done = new Promise((resolve) => {
      this.#release = resolve
    })
  }

  /** Whether its response may be stored, so that the handler must see a request for all of it, without the client's own conditions. */
  get isLeading(): boolean {
    return this.place !== undefined && this.reason !== 'method'
  }

  /** Request fields by which the handler learns what is stored already, and may answer 304. */
  get conditions(): Field[] {
    return this.stale === undefined ? [] : validatorsOf(this.stale)
  }

  /**
   * What becomes of the response that the handler begins. Fields in `foreign` were set by others for this client and are not stored, but
   * count otherwise.
   */
  head(status: number, fields: readonly Field[], foreign: ReadonlySet<string> = NONE): Verdict {
    const says = `fwd=${this.reason}`
    if (this.reason === 'method' && this.place !== undefined) this.#keeper.invalidate(this, status, fields)
    if (!this.isLeading) return this.#through(says)
    if (status === 304 && this.stale !== undefined) return this.#confirmed(this.stale, fields, foreign)
    if (status >= 500) {
      const standIn = this.standIn()
      if (standIn !== undefined) return { instead: standIn, isKept: false, added: [] }
    }
    const freshness = this.#freshness(status, fields)
    const varies = listed(fieldValue(fields, 'vary'))
    const stated = fieldValue(fields, 'content-length')
    const length = stated === undefined ? undefined : Number(stated)
    if (freshness === undefined || varies.includes('*') || (length ?? 0) > this.#keeper.maxBodyBytes) {
      this.#giveUp()
      return this.#through(says)
    }
    this.#kept = { status, fields: storedFields(fields, foreign), freshness, varies, length }
    const client = (name: string): string | undefined => this.request.field(name)
    const added = this.#keeper.status(`${says}; stored`)
    if (!isNotModified(client, validators(status, fields))) return { instead: undefined, isKept: true, added }
    const stored = this.#stored(new Uint8Array(0))
    return { instead: this.#sent(stored, `${says}; stored`), isKept: true, added }
  }

  /** A part of the body that the handler sends. Copies it. */
  chunk(bytes: Uint8Array): void {
    if (this.#kept === undefined) return
    this.#size += bytes.byteLength
    if (this.#size > this.#keeper.maxBodyBytes) this.#giveUp()
    else this.#chunks.push(bytes.slice())
  }

  /** The body is complete. */
  end(): void {
    const kept = this.#kept
    if (kept !== undefined && (kept.length === undefined || kept.length === this.#size))
      this.#storeAndRelease(this.#stored(joined(this.#chunks, this.#size)), kept.varies)
    else this.abort()
  }

  /** Those who wait for this response go on once it is stored. */
  #storeAndRelease(stored: StoredResponse, varies: readonly string[]): void {
    const done = this.#keeper.store(this, stored, varies)
    if (typeof done === 'boolean') this.abort()
    else void done.then(() => this.abort())
  }

  /** The handler failed, or its client is gone: nothing more comes. */
  abort(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#kept = undefined
    this.#chunks = []
    this.#keeper.release(this)
    this.#release()
  }

  /** The handler threw where no client is told of it. */
  fail(error: unknown): void {
    this.#keeper.report(error)
    this.abort()
  }

  /** What is sent where the handler fails; undefined where nothing that is stored may be. */
  standIn(): Part | undefined {
    const { stale } = this
    if (stale === undefined) return undefined
    const age = ageNow(stale, this.#keeper.now())
    if (age >= stale.lifetime + stale.staleIfError) return undefined
    this.abort()
    return this.#sent(stale, `hit; ttl=${Math.floor((stale.lifetime - age) / 1000)}; detail=stale-if-error`)
  }

  #through(says: string): Verdict {
    return { instead: undefined, isKept: false, added: this.#keeper.status(says) }
  }

  #giveUp(): void {
    this.#keeper.pass(this)
    this.abort()
  }

  #freshness(status: number, fields: readonly Field[]): Freshness | undefined {
    const asked = {
      hasCredentials: this.request.field('authorization') !== undefined,
      hasCookies: this.#keeper.hasCookies(this.request),
    }
    return freshnessOf(status, fields, asked, this.route, this.#keeper.now())
  }

  /** A 304: what is stored is as good as new. */
  #confirmed(stale: StoredResponse, fields: readonly Field[], foreign: ReadonlySet<string>): Verdict {
    const merged = freshened(stale, dated(storedFields(fields, foreign), this.#keeper.now()), stale)
    const age = fields.filter(([name]) => name === 'age')
    const freshness = this.#freshness(stale.status, [...merged.fields, ...age])
    const stored = { ...merged, ...freshness }
    if (freshness === undefined) this.abort()
    else this.#storeAndRelease(stored, listed(fieldValue(stored.fields, 'vary')))
    return { instead: this.#sent(stored, 'fwd=stale; fwd-status=304'), isKept: false, added: [] }
  }

  #stored(body: Uint8Array): StoredResponse {
    const { status, fields, freshness } = this.#kept!
    const tags = [...this.route.tags, ...tagsOf(fields)]
    return {
      ...freshness,
      ...validators(status, fields),
      status,
      fields: dated(fields, freshness.receivedAt),
      body,
      tags,
    }
  }

  #sent(stored: StoredResponse, says: string): Part {
    return sentOf(this.request, stored, this.#keeper.now(), this.#keeper.status(says))
  }
}

/** What a request gets of a stored response, with its age and `Cache-Status`. */
export function sentOf(
  request: RequestHead,
  stored: StoredResponse,
  now: number,
  status: readonly Field[],
): Part {
  const part = partFor(request.method, (name) => request.field(name), stored)
  const age = String(Math.floor(ageNow(stored, now) / 1000))
  return { ...part, fields: [...part.fields, ['age', age], ...status] }
}

/** Tags that a response names itself. */
function tagsOf(fields: readonly Field[]): string[] {
  const value = fieldValue(fields, 'cache-tag')
  if (value === undefined) return []
  return value
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!
  const all = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.byteLength
  }
  return all
}
