import { createRequire } from 'node:module'
import * as server from '@apollo/server'
import * as standalone from '@apollo/server/standalone'
import * as responseCache from '@apollo/server-plugin-response-cache'
import * as utils from '@apollo/utils.keyvaluecache'
import { runKeyValueCacheTests } from 'apollo-server-caching'
import { keyValueCache } from 'nearcache/apollo'
import { afterAll, beforeAll, describe, expect, it, test, vi } from 'vitest'
import { Fleet } from '../../tiers/support/fleet.ts'
import { runPublished } from '../apollo/published.ts'

// No case lets as much time pass as all that is held may be trusted for without a word from the second tier.
const options = { ttl: Infinity, maxStale: '1h', beat: '1m' } as const

describe("the tests that Apollo's stores are published with, over a tiered cache", () => {
  beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'] }))
  afterAll(() => void vi.useRealTimers())

  const fleet = new Fleet()
  const store = (): utils.KeyValueCache => keyValueCache(fleet.start<string, string>(options))
  const pass = (ms: number): void => {
    vi.advanceTimersByTime(ms)
    fleet.now += ms
  }

  test.each([
    ['the store', store()],
    ['with a prefix', new utils.PrefixingKeyValueCache(store(), 'prefix:')],
    ['where errors are misses', new utils.ErrorsAreMissesCache(store())],
  ])('runKeyValueCacheTests: %s', async (_, cache) => {
    await runKeyValueCacheTests(cache, pass)
  })

  /** What the published tests make by `new`: each with a server of its own. */
  function Store(): object {
    const cache = new Fleet().start<string, string>({ ...options, clock: () => Date.now() })
    return Object.assign(keyValueCache(cache), { keys: () => [...cache.keys()] })
  }
  runPublished('@apollo/utils.keyvaluecache/src/__tests__/PrefixingKeyValueCache.test.ts', {
    '..': { ...utils, InMemoryLRUCache: Store },
    '../PrefixingKeyValueCache': utils,
  })

  const jest = {
    useFakeTimers: () => vi.useFakeTimers({ toFake: ['Date'] }),
    useRealTimers: vi.useRealTimers,
    advanceTimersByTime: vi.advanceTimersByTime,
  }
  runPublished(
    '@apollo/server-plugin-response-cache/src/__tests__/integration.test.ts',
    {
      '@apollo/server': server,
      '@apollo/server/standalone': standalone,
      '@jest/globals': { afterAll, beforeAll, describe, expect, it, jest },
      '../index.js': { __esModule: true, ...responseCache },
      supertest: createRequire(import.meta.url)('supertest') as unknown,
    },
    { Store: ServerStore },
    { FakeableTTLTestingCache: 'Store' },
  )

  /** A store whose server goes by the same clock. */
  function ServerStore(): object {
    const own = new Fleet()
    own.world.micros = () => Date.now() * 1000
    return keyValueCache(own.start<string, string>({ ...options, clock: () => Date.now() }))
  }
})
