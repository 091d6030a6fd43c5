export type { CommandArgument, RedisConnection, RedisTierOptions } from './redis-options.ts'
export { redisTier } from './redis-tier.ts'
export { type TrackedTierOptions, trackedTier } from './tracked-tier.ts'
