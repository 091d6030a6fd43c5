import suite, { keyvIteratorTests } from '@keyv/test-suite'
import Keyv5 from 'keyv'
import Keyv6 from 'keyv-6'
import { Cache } from 'nearcache'
import { keyvOptions } from 'nearcache/keyv'
import * as vitest from 'vitest'

// The suite is published for Keyv 5. In Keyv 6 the deletion of many keys tells of each, which is its own contract.
const different = new Set(['.deleteMany([keys]) with nonexistent keys resolves to false'])
const it = (name: string, run: () => void): void =>
  different.has(name) ? vitest.it.fails(name, run) : vitest.it(name, run)

vitest.describe.each([
  ['5', Keyv5, vitest],
  ['6', Keyv6, { ...vitest, it }],
])("Keyv's own suite, with Keyv %s", (_version, Keyv: any, test: any) => {
  const run = (Keyv: any): void => {
    const cache = new Cache<string, unknown>()
    const store = () => keyvOptions(cache).store
    suite(test, Keyv, store)
    keyvIteratorTests(test, Keyv, store)
  }

  vitest.describe('which serializes', () => run(Keyv))

  vitest.describe('with values by reference', () => {
    const { store: _, ...byReference } = keyvOptions()
    run(
      class extends Keyv {
        constructor(options: object) {
          super({ ...byReference, ...options })
        }
      },
    )
  })
})
