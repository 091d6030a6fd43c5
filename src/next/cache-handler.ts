import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Backing, backingCache, backingStore, isTiered, type Store } from '../adapters/backing.ts'
import { readBuilt } from './built.ts'
import { lifetime } from './lifetime.ts'
import { now, revalidationsOf, type Standing } from './revalidations.ts'

/** How long Next serves a response, in seconds. */
export interface NextCacheControl {
  readonly revalidate?: number | false | undefined
  /** Past this it is not served. */
  readonly expire?: number | undefined
}

/** A page, a response of a route handler or of `fetch`, or an image, as Next brings it. */
export interface NextValue {
  readonly kind: string
  readonly headers?: Readonly<Record<string, unknown>> | undefined
  readonly tags?: readonly string[] | undefined
  readonly revalidate?: number | false | undefined
}

/** What Next says of a value that it asks for or brings. */
export interface NextCacheContext {
  readonly kind?: string | undefined
  readonly fetchCache?: boolean | undefined
  readonly tags?: readonly string[] | undefined
  readonly softTags?: readonly string[] | undefined
  readonly revalidate?: number | false | undefined
  readonly cacheControl?: NextCacheControl | undefined
  readonly isFallback?: boolean | undefined
  readonly isRoutePPREnabled?: boolean | undefined
}

/** What Next is given. A `value` of null: it is known that there is nothing, as of a page that is not found. */
export interface NextCached {
  /** When the value was begun, in milliseconds since 1970. */
  readonly lastModified: number
  readonly value: NextValue | null
  readonly cacheControl?: NextCacheControl
}

/** What Next makes one of for each request. */
export interface NextCacheHandler {
  get(key: string, context?: NextCacheContext): Promise<NextCached | null>
  set(key: string, value: NextValue | null, context?: NextCacheContext): Promise<void>
  revalidateTag(tags: string | readonly string[], durations?: { readonly expire?: number }): Promise<void>
  resetRequestCache(): void
}

/** What Next takes as a `cacheHandler`. */
export type NextCacheHandlerClass = new (options?: {
  readonly serverDistDir?: string
  readonly revalidatedTags?: readonly string[]
}) => NextCacheHandler

/** A value with what it goes with. */
interface Kept extends NextCached {
  readonly tags: readonly string[]
  /** How it stands where nobody knows whether its tags were revalidated. Default: expired. */
  readonly otherwise?: Standing
}

const TAGS = 'x-next-cache-tags'
const PAGES: ReadonlySet<unknown> = new Set(['APP_PAGE', 'APP_ROUTE', 'PAGES'])

/**
 * The class that a file named by `cacheHandler` in `next.config` exports by default: it keeps pages, responses of route handlers and of
 * `fetch`, and images in a cache. A value that has no end, or one in a year or more, lives as long as the `ttl` of the cache says. Pages
 * belong to the build that made them. Throws what the constructor of `Cache` throws.
 */
export function cacheHandler(backing?: Backing<unknown>): NextCacheHandlerClass {
  const cache = backing !== undefined && isTiered(backing) ? backing : backingCache(backing)
  const store = backingStore<unknown>(cache)
  const lasting = store.namespace('fetch') as Store<Kept>
  const revalidations = revalidationsOf(cache)
  const builds = new Map<string, Store<Kept>>()

  /** Where pages of a build are kept. One that does not tell its id is kept apart from all others. */
  const pagesOf = async (folder: string): Promise<Store<Kept>> => {
    const its = builds.get(folder)
    if (its !== undefined) return its
    const id = await readFile(join(folder, '..', 'BUILD_ID'), 'utf8').catch(() => undefined)
    const pages = store.namespace(`pages ${id ?? UNKNOWN_BUILD}`) as Store<Kept>
    // While it is built a build has no id yet.
    if (id !== undefined) builds.set(folder, pages)
    return pages
  }

  return class implements NextCacheHandler {
    readonly #folder: string
    readonly #revalidated: ReadonlySet<string>
    /** When what was not found, or is stale, was first asked for: what is brought of it may have been begun then. */
    readonly #begun = new Map<string, number>()

    constructor({
      serverDistDir = '',
      revalidatedTags = [],
    }: { readonly serverDistDir?: string; readonly revalidatedTags?: readonly string[] } = {}) {
      this.#folder = serverDistDir
      this.#revalidated = new Set(revalidatedTags)
    }

    async get(key: string, context: NextCacheContext = {}): Promise<NextCached | null> {
      const { kind, tags = [], softTags = [] } = context
      const kept = PAGES.has(kind) ? await this.#page(key, context) : await lasting.get(key)
      const known = await revalidations.known()
      const all = [...(kept?.tags ?? []), ...tags, ...softTags]
      const isNone = kept === undefined || all.some((tag) => this.#revalidated.has(tag))
      const standing = isNone ? 'expired' : known.standing(all, kept.lastModified, kept.otherwise)
      if (kept !== undefined && standing === 'fresh') return kept
      if (this.#begun.size >= MOST_BEGUN) this.#begun.clear()
      if (!this.#begun.has(key)) this.#begun.set(key, now())
      return kept !== undefined && standing === 'stale' ? overdue(kept, context) : null
    }

    /** A page that is kept, or was built: that is served, and made anew where it may have been revalidated. */
    async #page(key: string, context: NextCacheContext): Promise<Kept | undefined> {
      const pages = await pagesOf(this.#folder)
      const kept = await pages.get(key)
      if (kept !== undefined) return kept
      const built = await readBuilt(this.#folder, key, context)
      if (built === undefined) return undefined
      const { value, lastModified, isShell } = built
      const tags = tagsOf(value, {})
      const one: Kept = { value, lastModified, tags, otherwise: isShell ? 'fresh' : 'stale' }
      // Meanwhile it may have been made anew.
      const newer = await pages.get(key)
      if (newer === undefined) await pages.set(key, one)
      return newer ?? one
    }

    async set(key: string, value: NextValue | null, context: NextCacheContext = {}): Promise<void> {
      const begun = this.#begun.get(key)
      this.#begun.delete(key)
      const isPage = !context.fetchCache && value?.kind !== 'IMAGE'
      const store = isPage ? await pagesOf(this.#folder) : lasting
      const known = await revalidations.known()
      const lastModified = begun ?? now()
      const { cacheControl } = context
      const tags = tagsOf(value, context)
      if (known.standing(tags, lastModified) === 'expired') return
      await store.set(
        key,
        { value, lastModified, tags, ...(cacheControl && { cacheControl }) },
        { ttl: lifetime(cacheControl?.expire, lastModified) },
      )
    }

    revalidateTag(tags: string | readonly string[], durations?: { readonly expire?: number }): Promise<void> {
      return revalidations.add(typeof tags === 'string' ? [tags] : tags, durations)
    }

    resetRequestCache(): void {}
  }
}

const UNKNOWN_BUILD = crypto.randomUUID()
/** Next makes a handler for each request; one that is kept longer forgets what nothing is heard of. */
const MOST_BEGUN = 10_000

/** What Next serves, and makes anew behind it, since its time is over. */
function overdue(kept: Kept, { revalidate }: NextCacheContext): NextCached {
  const { value, lastModified, cacheControl } = kept
  const seconds = value?.kind === 'FETCH' ? revalidate || value.revalidate || 1 : 1
  return {
    value,
    lastModified: Math.min(lastModified, now() - (seconds + 1) * 1000),
    ...(value?.kind !== 'FETCH' && { cacheControl: { ...cacheControl, revalidate: 1 } }),
  }
}

/** The tags of a value; pages and route handlers have them in a header. */
function tagsOf(value: NextValue | null, { tags = [] }: NextCacheContext): string[] {
  const header = value?.headers?.[TAGS]
  const named = typeof header === 'string' ? header.split(',') : []
  return [...new Set([...named, ...(value?.tags ?? []), ...tags])]
}
