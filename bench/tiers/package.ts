import { builtPackage } from '../peers/nearcache.ts'
import { load } from '../peers/peer.ts'

// The built package, as `import` gives it on Node. This folder is a package of its own, in which that name means nothing.
const at = (entry: string): string => new URL(`node/${entry}.js`, builtPackage).href

export const { Cache } = await load<typeof import('nearcache')>(at('index'))
export const { TieredCache } = await load<typeof import('nearcache/tiered')>(at('tiers/tiered'))
export const { redisTier } = await load<typeof import('nearcache/redis')>(at('tiers/redis'))
