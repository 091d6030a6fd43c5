export { allCaches, Cache } from './cache.ts'
export type { Fault, FaultKind } from './engine/faults.ts'
export type { Removal, RemovalReason } from './engine/removal.ts'
export type { CacheStats, CacheSummary, LoadOutcome, LoadTimes } from './engine/stats.ts'
export { CacheError, type CacheErrorCode } from './errors.ts'
export { type Answer, type BatchLoader, batchLoader } from './loading/batch.ts'
export type { LoadContext } from './loading/flight.ts'
export { type Caches, cacheOptions, createCaches } from './named/caches.ts'
export type {
  CacheOptions,
  CounterOptions,
  LoadOptions,
  LoadSettings,
  NewBounds,
  SetOptions,
  Signal,
} from './options/options.ts'
export type { Bytes, Duration } from './options/units.ts'
export type { PolicyName } from './policies/policy.ts'
