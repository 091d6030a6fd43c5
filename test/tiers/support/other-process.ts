import { systemHost } from '../../../src/tiers/host.ts'
import { simulatedCache, type TieredCache } from '../../../src/tiers/tiered-cache.ts'
import type { TieredOptions } from '../../../src/tiers/tiered-options.ts'

/** A cache that shares nothing with those of the same name here, as one in another process does. */
export function inOtherProcess<K, V>(options: TieredOptions<K, V>): TieredCache<K, V> {
  return simulatedCache(options, { host: systemHost, ring: { time: 30_000, most: 1000, slack: 1000 } })
}
