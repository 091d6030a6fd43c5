import { createRequire } from 'node:module'
import * as server from '@apollo/server'
import * as standalone from '@apollo/server/standalone'
import * as responseCache from '@apollo/server-plugin-response-cache'
import * as utils from '@apollo/utils.keyvaluecache'
import { runKeyValueCacheTests } from 'apollo-server-caching'
import { Cache } from 'nearcache'
import { keyValueCache } from 'nearcache/apollo'
import { afterAll, beforeAll, describe, expect, it, test, vi } from 'vitest'
import { runPublished } from './published.ts'

/** What the published tests make by `new`. */
function Store(): object {
  const cache = new Cache<string, string>({ ttl: Infinity })
  return Object.assign(keyValueCache(cache), { keys: () => [...cache.keys()] })
}

describe('apollo-server-caching', () => {
  beforeAll(() => void vi.useFakeTimers())
  afterAll(() => void vi.useRealTimers())

  const store = (): utils.KeyValueCache => keyValueCache({ ttl: Infinity })
  test.each([
    ['the store', store()],
    ['with a prefix', new utils.PrefixingKeyValueCache(store(), 'prefix:')],
    ['where errors are misses', new utils.ErrorsAreMissesCache(store())],
  ])('runKeyValueCacheTests: %s', async (_, cache) => {
    await runKeyValueCacheTests(cache, (ms) => void vi.advanceTimersByTime(ms))
  })
})

describe('@apollo/utils.keyvaluecache', () => {
  beforeAll(() => void vi.useFakeTimers())
  afterAll(() => void vi.useRealTimers())

  const folder = '@apollo/utils.keyvaluecache/src/__tests__'
  const modules = { '..': { ...utils, InMemoryLRUCache: Store }, '../PrefixingKeyValueCache': utils }
  // The published tests sleep.
  const setTimeout = (wake: () => void, ms: number): void => {
    vi.advanceTimersByTime(ms)
    wake()
  }
  const applicable = (name: string, run: () => Promise<void>): void => {
    if (name === 'with custom extended options')
      test.skip(`${name} (what lru-cache is called with, which is not there)`, run)
    else it(name, run)
  }
  runPublished(`${folder}/InMemoryLRUCache.test.ts`, modules, { setTimeout, it: applicable })
  runPublished(`${folder}/PrefixingKeyValueCache.test.ts`, modules)
})

describe('@apollo/server-plugin-response-cache', () => {
  const jest = {
    useFakeTimers: () => vi.useFakeTimers({ toFake: ['Date'] }),
    useRealTimers: vi.useRealTimers,
    advanceTimersByTime: vi.advanceTimersByTime,
  }
  const supertest: unknown = createRequire(import.meta.url)('supertest')
  const modules = {
    '@apollo/server': server,
    '@apollo/server/standalone': standalone,
    '@jest/globals': { afterAll, beforeAll, describe, expect, it, jest },
    '../index.js': { __esModule: true, ...responseCache },
    supertest,
  }
  const file = '@apollo/server-plugin-response-cache/src/__tests__/integration.test.ts'
  runPublished(file, modules, { Store }, { FakeableTTLTestingCache: 'Store' })
})
