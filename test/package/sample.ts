// What a user's program looks like; compiled against the installed package, strictly and without Node's types.
import { Cache, CacheError, type CacheOptions, createCaches, type Removal } from 'nearcache'

interface User {
  id: number
  name: string
}

const caches = createCaches({
  local: { maxEntries: 100, ttl: '10m', name: 'sample' },
  users: { maxEntries: 5_000, ttl: '1m', policy: 'lru' },
})

const options: CacheOptions<number, User> = {
  maxEntries: 10,
  onRemoval: ({ key, value, reason }: Removal<number, User>) => {
    const line: string = `${key} ${value.name} ${reason}`
    void line
  },
}

const users = new Cache<number, User>(options)
users.set(1, { id: 1, name: 'Ada' }, { ttl: '30s', tags: ['people'] })

/** The name of a user, loaded on a miss. */
export async function nameOf(id: number): Promise<string> {
  const user = await users.getOrLoad(id, async (key) => ({ id: key, name: 'Grace' }))
  return user.name
}

/** The number of reads so far. */
export function reads(): number {
  caches.local.set('key', 123)
  try {
    caches.local.incr('key')
  } catch (error) {
    if (error instanceof CacheError && error.code === 'CLOSED') return 0
    throw error
  }
  const { hits, misses } = users.stats()
  return hits + misses
}

// @ts-expect-error -- a wrong unit does not compile
users.set(2, { id: 2, name: 'Alan' }, { ttl: '10 minuets' })
