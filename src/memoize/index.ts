export { type MemoizedDecorator, type MemoizedOptions, type MemoOf, memoized, memoOf } from './decorator.ts'
export { type Memo, type Memoized, memoize, type TieredMemo, type TieredMemoized } from './memoize.ts'
export type {
  KeyOptions,
  MemoizeOptions,
  OwnCacheOptions,
  SharedCacheOptions,
  TieredMemoizeOptions,
} from './options.ts'
