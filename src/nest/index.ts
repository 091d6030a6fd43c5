export {
  type CacheDecorator,
  Cached,
  type CachedOptions,
  Invalidates,
  type InvalidatesOptions,
} from './decorators.ts'
export { NearcacheHealth, type NearcacheHealthResult } from './health.ts'
export { cacheToken, InjectCache, type InjectCacheDecorator } from './inject.ts'
export {
  NearcacheModule,
  type NearcacheModuleAsyncOptions,
  type NearcacheModuleOptions,
  type NestCaches,
  type NestDynamicModule,
  type NestProvider,
} from './module.ts'
export { cacheResponses, type NestContext, type NestInterceptor } from './responses.ts'
