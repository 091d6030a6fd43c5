import 'reflect-metadata'
import type { AddressInfo } from 'node:net'
import { CACHE_MANAGER, CacheInterceptor, CacheModule, CacheTTL } from '@nestjs/cache-manager'
import {
  Controller,
  Get,
  type INestApplication,
  Inject,
  Module,
  Param,
  UseInterceptors,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { Cache as CacheManager } from 'cache-manager'
import Keyv from 'keyv'
import { Cache } from 'nearcache'
import { keyvOptions } from 'nearcache/keyv'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

/** What the application has been asked to compute. */
let computed: string[]
let cache: Cache<string, unknown>
let app: INestApplication
let url: string

class Prices {
  readonly manager: CacheManager

  constructor(manager: CacheManager) {
    this.manager = manager
  }

  /** Answered by the interceptor as long as its ttl lasts. */
  find(id: string): object {
    computed.push(id)
    return { id, call: computed.length }
  }

  /** Written as in a service: with the manager that was injected. */
  async rate(currency: string): Promise<object> {
    return this.manager.wrap(`rate:${currency}`, async () => this.find(currency), 5000)
  }
}

// The decorators are applied by hand, since the test runner leaves them as they are.
class App {}
Controller('prices')(Prices)
Inject(CACHE_MANAGER)(Prices, undefined, 0)
decorate('find', [Get(':id'), UseInterceptors(CacheInterceptor), CacheTTL(2000)])
Param('id')(Prices.prototype, 'find', 0)
decorate('rate', [Get('rates/:currency')])
Param('currency')(Prices.prototype, 'rate', 0)

function decorate(method: 'find' | 'rate', decorators: MethodDecorator[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(Prices.prototype, method)!
  for (const one of decorators) one(Prices.prototype, method, descriptor)
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] })
  computed = []
  cache = new Cache<string, unknown>({ maxEntries: 100 })
  const stores = new Keyv(keyvOptions(cache))
  Module({ imports: [CacheModule.register({ stores })], controllers: [Prices] })(App)
  app = await NestFactory.create(App, { logger: false, forceCloseConnections: true })
  await app.listen(0, '127.0.0.1')
  url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`
})

afterEach(async () => {
  await app.close()
  vi.useRealTimers()
})

async function ask(path: string): Promise<unknown> {
  const response = await fetch(url + path)
  return [response.headers.get('x-cache'), await response.json()]
}

test('CacheInterceptor answers from the cache until the time of CacheTTL is over', async () => {
  expect(await ask('/prices/7')).toEqual(['MISS', { id: '7', call: 1 }])
  expect(await ask('/prices/7')).toEqual(['HIT', { id: '7', call: 1 }])
  expect(await ask('/prices/8')).toEqual(['MISS', { id: '8', call: 2 }])
  expect(cache.namespace('keyv').expiresIn('keyv:/prices/7')).toBe(2000)

  vi.advanceTimersByTime(1999)
  expect(await ask('/prices/7')).toEqual(['HIT', { id: '7', call: 1 }])
  vi.advanceTimersByTime(1)
  expect(await ask('/prices/7')).toEqual(['MISS', { id: '7', call: 3 }])
})

test('the manager that is injected stands on the same cache', async () => {
  expect(await ask('/prices/rates/EUR')).toEqual([null, { id: 'EUR', call: 1 }])
  expect(await ask('/prices/rates/EUR')).toEqual([null, { id: 'EUR', call: 1 }])
  const manager = app.get<CacheManager>(CACHE_MANAGER)
  expect(await manager.get('rate:EUR')).toEqual({ id: 'EUR', call: 1 })
  await manager.clear()
  expect(await ask('/prices/rates/EUR')).toEqual([null, { id: 'EUR', call: 2 }])
})

test('requests for however many urls keep within the bound', async () => {
  for (let id = 0; id < 150; id++) await ask(`/prices/${id}`)
  expect(computed).toHaveLength(150)
  expect(cache.stats().size).toBe(100)
})

test('an application that ends leaves a cache that others use', async () => {
  await ask('/prices/7')
  await app.close()
  expect(cache.stats().size).toBe(1)
})
