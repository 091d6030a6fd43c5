export { Cache } from './cache.ts'
export { type Caches, cacheOptions, createCaches } from './caches.ts'
export { CacheError, type CacheErrorCode } from './errors.ts'
export { type Answer, type BatchLoader, batchLoader } from './loading/batch.ts'
export type { LoadContext } from './loading/flight.ts'
export type {
  CacheOptions,
  CounterOptions,
  LoadOptions,
  LoadSettings,
  SetOptions,
  Signal,
} from './options.ts'
export type { PolicyName } from './policies/policy.ts'
export type { Removal, RemovalReason } from './removal.ts'
export type { CacheStats } from './stats.ts'
export type { Bytes, Duration } from './units.ts'
