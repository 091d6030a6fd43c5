export type { Serializer } from '../serialize.ts'
export { type Caches, cacheOptions, createCaches, type NamedTieredOptions } from './caches.ts'
export type { CompressionMethod } from './codec.ts'
export type { OpenLoad } from './open-load.ts'
export type {
  Bus,
  Fill,
  FillResult,
  LogEntry,
  PlainTier,
  Position,
  Push,
  StoredValue,
  Tier,
  TierAnchor,
  TierPull,
  TierRead,
  TierStore,
  TierWrite,
  Write,
} from './tier.ts'
export { TieredCache } from './tiered-cache.ts'
export type { TieredOptions } from './tiered-options.ts'
export type { TieredStats } from './tiered-stats.ts'
