export {
  cacheHandler,
  type NextCacheContext,
  type NextCacheControl,
  type NextCached,
  type NextCacheHandler,
  type NextCacheHandlerClass,
  type NextValue,
} from './cache-handler.ts'
export { type DirectiveEntry, type DirectiveHandler, directiveHandler } from './directive-handler.ts'
