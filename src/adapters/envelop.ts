import { type Answer, type Backing, backingCache, isTiered } from './backing.ts'
import { type Entity, tagsOf, tagsToDelete } from './entities.ts'
import { tieredResponses } from './tiered-responses.ts'

/** What `useResponseCache` of Envelop and GraphQL Yoga takes as a cache. */
export interface ResponseCache {
  get(id: string): Answer<object | undefined>
  /** `ttl` is in milliseconds, Infinity for ever; with 0 or less nothing is stored. */
  set(id: string, response: object, entities: Iterable<Entity>, ttl: number): Answer<void>
  /** Drops the responses that contain one of these entities; without an id, any of its type. */
  invalidate(entities: Iterable<Entity>): Answer<void>
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
  if (backing !== undefined && isTiered(backing)) return tieredResponses(backing)
  const cache = backingCache(backing)
  let latest: Invalidation = { tags: new Set() }

  const get: ResponseCache['get'] = (id) => cache.get(id)
  const set: ResponseCache['set'] = (id, response, entities, ttl) =>
    cache.set(id, response, { ttl, tags: tagsOf(entities) })
  const invalidate: ResponseCache['invalidate'] = (entities) => {
    const tags = tagsToDelete(entities)
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

/** Whether one of the tags was invalidated after `since`. */
function areInvalidated(tags: readonly string[], since: Invalidation): boolean {
  for (let one = since.next; one !== undefined; one = one.next) {
    const { tags: invalidated } = one
    if (tags.some((tag) => invalidated.has(tag))) return true
  }
  return false
}

export type { Entity }
