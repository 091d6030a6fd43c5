import { type Backing, backingCache } from './backing.ts'

/** What a response contains, as the response cache tells it. */
export interface Entity {
  readonly typename: string
  readonly id?: number | string | null | undefined
}

/** What `useResponseCache` of Envelop and GraphQL Yoga takes as a cache. */
export interface ResponseCache {
  get(id: string): object | undefined
  /** `ttl` is in milliseconds, Infinity for ever; with 0 or less nothing is stored. */
  set(id: string, response: object, entities: Iterable<Entity>, ttl: number): void
  /** Drops the responses that contain one of these entities; without an id, any of its type. */
  invalidate(entities: Iterable<Entity>): void
}

/** What was invalidated, and what after it. Held from its end, and by requests from where they began. */
interface Invalidation {
  readonly tags: ReadonlySet<string>
  next?: Invalidation
}

/**
 * A cache for responses: `useResponseCache({ session, cache: responseCache() })`. Responses are kept as they are, each under the tags
 * `typename` and `typename:id` of its entities. Called with a context, as Envelop does for each request, it gives a view of itself that
 * does not store a response of which an entity was invalidated since the request looked for it.
 */
export function responseCache(
  backing?: Backing<object>,
): ResponseCache & ((context: object) => ResponseCache) {
  const cache = backingCache(backing)
  let latest: Invalidation = { tags: new Set() }

  const get: ResponseCache['get'] = (id) => cache.get(id)
  const set: ResponseCache['set'] = (id, response, entities, ttl) =>
    cache.set(id, response, { ttl, tags: tagsOf(entities) })
  const invalidate: ResponseCache['invalidate'] = (entities) => {
    const tags = new Set<string>()
    for (const { typename, id } of entities) tags.add(id == null ? typename : `${typename}:${id}`)
    for (const tag of tags) cache.deleteByTag(tag)
    latest = latest.next = { tags }
  }
  const view = (): ResponseCache => {
    let since = latest
    return {
      get(id) {
        since = latest
        return get(id)
      },
      set(id, response, entities, ttl) {
        const tags = tagsOf(entities)
        if (!areInvalidated(tags, since)) cache.set(id, response, { ttl, tags })
      },
      invalidate,
    }
  }
  return Object.assign(view, { get, set, invalidate })
}

function tagsOf(entities: Iterable<Entity>): string[] {
  const tags = new Set<string>()
  for (const { typename, id } of entities) {
    tags.add(typename)
    if (id != null) tags.add(`${typename}:${id}`)
  }
  return [...tags]
}

/** Whether one of the tags was invalidated after `since`. */
function areInvalidated(tags: readonly string[], since: Invalidation): boolean {
  for (let one = since.next; one !== undefined; one = one.next) {
    const { tags: invalidated } = one
    if (tags.some((tag) => invalidated.has(tag))) return true
  }
  return false
}
