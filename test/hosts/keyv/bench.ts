import { createCache } from 'cache-manager'
import Keyv5 from 'keyv'
import Keyv6 from 'keyv-6'
import { keyvOptions } from 'nearcache/keyv'
import type { HostCase } from '../bench.ts'

const KEY = 'user:42'
const VALUE = { id: 42, name: 'Ada', roles: ['admin', 'author'] }

/** A Keyv, as far as its reads go. */
interface Reads {
  set(key: string, value: unknown): Promise<unknown>
  get(key: string): Promise<unknown>
}

/** A Keyv in front of a cache, beside one that is made with no more than its defaults. */
function get(name: string, withNearcache: () => Reads, withOwn: () => Reads, stored: string): HostCase {
  return {
    name,
    own: 'its Map',
    async setUp() {
      const [near, own] = [withNearcache(), withOwn()]
      await near.set(KEY, VALUE)
      await own.set(KEY, VALUE)
      const { store } = keyvOptions()
      store.set(stored, VALUE)
      return {
        withNearcache: () => near.get(KEY),
        withOwn: () => own.get(KEY),
        alone: () => store.get(stored),
      }
    },
  }
}

const cases: HostCase[] = [
  get(
    'Keyv 5 get',
    () => new Keyv5(keyvOptions()),
    () => new Keyv5(),
    `keyv:${KEY}`,
  ),
  get(
    'Keyv 6 get',
    () => new Keyv6(keyvOptions()),
    () => new Keyv6(),
    KEY,
  ),
  get(
    'cache-manager get',
    () => createCache({ stores: [new Keyv5(keyvOptions())] }),
    () => createCache(),
    `keyv:${KEY}`,
  ),
]

export default cases
