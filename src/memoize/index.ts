export { type MemoizedDecorator, type MemoizedOptions, type MemoOf, memoized, memoOf } from './decorator.ts'
export { type Memo, type Memoized, memoize } from './memoize.ts'
export type { KeyOptions, MemoizeOptions, OwnCacheOptions, SharedCacheOptions } from './options.ts'
