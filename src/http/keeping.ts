import type { Exchange } from './exchange.ts'
import type { StoredResponse, UrlRecord } from './stored.ts'

/** Where the responses of a URL are kept. */
export interface Place {
  readonly namespace: string | undefined
  readonly key: string
}

/** A response to be kept. */
export interface Brought {
  readonly exchange: Exchange
  readonly place: Place
  readonly stored: StoredResponse
  /** Names of the request fields by which it varies. */
  readonly varies: readonly string[]
  /** For how long, in milliseconds. */
  readonly ttl: number
  /** What tells its request from others for the same URL, where the responses of that vary by these fields. */
  variant(varies: readonly string[]): string
}

/** Where responses are: in this process alone, or in a cache that several share. */
export interface Keeping {
  /** What is known here of a URL. Counts as a use. */
  record(place: Place): UrlRecord | undefined
  /** The response here with a record's id and a variant. Counts as a use. */
  response(place: Place, name: string): StoredResponse | undefined
  /** Brings here what other processes have for a request; undefined where there are none. Never rejects. */
  readonly fetch: ((place: Place, variant: (record: UrlRecord) => string) => Promise<void>) | undefined
  /** A run begins whose response may be kept, with what is known of its URL and the variant. */
  begin(exchange: Exchange, place: Place, record: UrlRecord | undefined, variant: string): void
  /** A run has nothing more to bring. */
  release(exchange: Exchange): void
  /** Keeps a response, or gives it up. Returns when it is here, or a promise of that, which never rejects. */
  keep(brought: Brought): boolean | Promise<boolean>
  /** Removes the responses of a URL. Returns whether there were any here. */
  delete(place: Place): boolean
  /** In one namespace, or in all. */
  deleteByTag(namespace: string | undefined, tag: string): void
  clear(namespace: string | undefined): void
  stats(): { readonly size: number; readonly weight: number }
  close(): void
}
