export type { Part } from './conditions.ts'
export { Exchange, type Reason, type Verdict } from './exchange.ts'
export type { Field } from './fields.ts'
export type { ResponseCacheOptions, Route, RouteOptions } from './options.ts'
export type { RequestHead } from './requests.ts'
export {
  type Answer,
  type Begin,
  ResponseCache,
  type ResponseSpace,
  type ResponseStats,
} from './response-cache.ts'
