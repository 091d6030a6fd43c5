import { Cache } from '../cache.ts'
import type { OpenLoad } from '../tiers/open-load.ts'
import type { TieredCache } from '../tiers/tiered-cache.ts'
import { type Entity, tagsOf, tagsToDelete } from './entities.ts'
import type { ResponseCache } from './envelop.ts'

/** `responseCache` over a tiered cache: what was invalidated since a request looked for it, in any process, is not stored. */
export function tieredResponses(
  cache: TieredCache<string, object>,
): ResponseCache & ((context: object) => ResponseCache) {
  /** Not every request brings what it has missed, and none tells. */
  const open = new Cache<OpenLoad<object>, true>({
    ttl: '1m',
    maxEntries: 100_000,
    policy: 'lru',
    onRemoval: ({ key }) => key.end(),
  })
  const invalidate: ResponseCache['invalidate'] = async (entities) => {
    await Promise.all([...tagsToDelete(entities)].map((tag) => cache.deleteByTag(tag)))
  }
  const view = (): ResponseCache => {
    let load: OpenLoad<object> | undefined
    return {
      async get(id) {
        load = await cache.beginLoad(id)
        if (load.value === undefined) open.set(load, true)
        return load.value
      },
      set(_id, response, entities, ttl) {
        load?.finish(response, { ttl, tags: tagsOf(entities) })
        if (load !== undefined) open.delete(load)
      },
      invalidate,
    }
  }
  return Object.assign(view, {
    get: (id: string) => cache.lookup(id),
    async set(id: string, response: object, entities: Iterable<Entity>, ttl: number) {
      await cache.set(id, response, { ttl, tags: tagsOf(entities) })
    },
    invalidate,
  })
}
