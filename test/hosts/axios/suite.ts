// Runs axios-cache-interceptor's own tests of a storage, as published (github.com/arthurfiorette/axios-cache-interceptor, v1.12.3).
import { buildStorage } from 'axios-cache-interceptor'
import { axiosStorage } from '../../../src/adapters/axios.ts'
import { testStorage } from './fixtures/storage/storages.ts'

testStorage('nearcache', buildStorage(axiosStorage()))
