'use strict'
// Runs undici's own tests of a store, as published (github.com/nodejs/undici, v8.10.0), on this one.
const { UndiciStore } = require('../../../src/http/undici.ts')
const { cacheStoreTests } = require('./fixtures/cache-store-test-utils.cjs')

class Store extends UndiciStore {
  constructor({ maxEntrySize } = {}) {
    super({ maxBodyBytes: maxEntrySize })
  }
}
cacheStoreTests(Store)
