export type { CommandArgument, RedisConnection, RedisTierOptions } from './redis-options.ts'
export { redisTier } from './redis-tier.ts'
