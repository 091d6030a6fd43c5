import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { Cache } from 'nearcache'
import { nearcacheDriver } from 'nearcache/bentocache'
import type { HostCase } from '../bench.ts'

const key = 'user:42'
const value = { id: 42, name: 'Ada', roles: ['admin', 'author'] }

type L1 = Parameters<ReturnType<typeof bentostore>['useL1Layer']>[0]

function bentoOf(driver: L1) {
  return new BentoCache({ default: 'only', stores: { only: bentostore().useL1Layer(driver) } }).use()
}

function hit(name: string, read: 'get' | 'getOrSet', serialize: boolean): HostCase {
  return {
    name,
    own: 'its memory driver',
    async setUp() {
      const driver = nearcacheDriver(new Cache({ policy: 'lru' }), { serialize })
      const near = bentoOf(driver)
      const own = bentoOf(memoryDriver({ serialize }))
      const request = { key, ttl: '1h', factory: () => value }
      await near.set({ ...request, value })
      await own.set({ ...request, value })
      const layer = driver.factory({ prefix: 'bentocache' })
      return {
        withNearcache: () => near[read](request),
        withOwn: () => own[read](request),
        alone: () => layer.get(key),
      }
    },
  }
}

const cases: HostCase[] = [
  hit('BentoCache get', 'get', true),
  hit('BentoCache getOrSet', 'getOrSet', true),
  hit('BentoCache getOrSet, by reference', 'getOrSet', false),
]

export default cases
