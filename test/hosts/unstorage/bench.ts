import nearcacheDriver from 'nearcache/unstorage'
import { createStorage } from 'unstorage'
import memoryDriver from 'unstorage/drivers/memory'
import type { HostCase } from '../bench.ts'

const KEY = 'user:42'
const VALUE = { id: 42, name: 'Ada', roles: ['admin', 'author'] }

function storages() {
  const driver = nearcacheDriver()
  const near = createStorage({ driver })
  const own = createStorage({ driver: memoryDriver() })
  return { driver, near, own }
}

const item: HostCase = {
  name: 'unstorage getItem',
  own: 'its memory driver',
  async setUp() {
    const { driver, near, own } = storages()
    for (const storage of [near, own]) await storage.setItem(KEY, VALUE)
    return {
      withNearcache: () => near.getItem(KEY),
      withOwn: () => own.getItem(KEY),
      alone: () => driver.getItem(KEY),
    }
  },
}

const raw: HostCase = {
  name: 'unstorage getItemRaw',
  own: 'its memory driver',
  async setUp() {
    const { driver, near, own } = storages()
    for (const storage of [near, own]) await storage.setItemRaw(KEY, VALUE)
    return {
      withNearcache: () => near.getItemRaw(KEY),
      withOwn: () => own.getItemRaw(KEY),
      alone: () => driver.getItemRaw(KEY),
    }
  },
}

export default [item, raw]
