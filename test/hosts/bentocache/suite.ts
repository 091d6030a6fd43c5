/** The suite that BentoCache publishes for its drivers, as it is, in the runner that it is written for. */
import { assert } from '@japa/assert'
import { configure, run, test } from '@japa/runner'
import { ndjson } from '@japa/runner/reporters'
import { registerCacheDriverTestSuite } from 'bentocache/test_suite'
import { nearcacheDriver } from '../../../src/adapters/bentocache.ts'
import { Cache } from '../../../src/cache.ts'

configure({
  // The runner takes tests only while it imports files.
  files: () => [new URL(import.meta.url)],
  importer: register,
  plugins: [assert()],
  reporters: { activated: ['ndjson'], list: [ndjson()] },
})

function register(): void {
  for (const [title, backing] of [
    ['a cache of its own', undefined],
    ['a cache that was given', new Cache<string>()],
  ] as const) {
    test.group(title, (group) => {
      const { factory } = nearcacheDriver(backing)
      const createDriver = (options?: object) => factory({ prefix: 'japa', ...options })
      registerCacheDriverTestSuite({ test, group, createDriver })
    })
  }
}

await run()
