import { ocacheStorage } from 'nearcache/ocache'
import { createMemoryStorage, defineCachedFunction, type StorageInterface } from 'ocache'
import type { HostCase } from '../bench.ts'

const VALUE = { id: 42, name: 'Ada', roles: ['admin', 'author'] }

const call: HostCase = {
  name: 'ocache call of a cached function',
  own: 'its memory storage',
  async setUp() {
    const cached = (storage: StorageInterface) =>
      defineCachedFunction((_id: number) => VALUE, { name: 'user', maxAge: 3600, storage })
    const storage = ocacheStorage()
    const near = cached(storage)
    const own = cached(createMemoryStorage())
    await near(42)
    await own(42)
    const [key] = await near.resolveKeys(42)
    return { withNearcache: () => near(42), withOwn: () => own(42), alone: () => storage.get(key!) }
  },
}

export default [call]
