import { cache } from './cache.js'
import { directiveHandler } from './nearcache.js'

export default directiveHandler(cache)
