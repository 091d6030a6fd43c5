import { cache } from './cache.js'
import { cacheHandler } from './nearcache.js'

export default cacheHandler(cache)
