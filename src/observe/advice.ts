import { type Cache, storeOf } from '../cache.ts'
import { refusal } from '../options/units.ts'
import { type AdviceOptions, type CacheExamination, examine, under } from './examine.ts'
import type { Surroundings } from './findings.ts'

export type { AdvicePoint } from '../sizing/sentence.ts'
export type { Advice, LifetimeAdvice, PolicyAdvice } from './advised.ts'
export type { AdviceOptions, CacheExamination } from './examine.ts'

/**
 * Begins to examine a running cache, all its namespaces included: what would other sizes, another policy or longer lifetimes answer to the
 * same reads? Watches a share of the keys and replays what happens to them in small caches, while the service runs; nothing is resized.
 * Reads pay little while it goes on, and nothing before and after.
 *
 * Throws a TypeError or RangeError for wrong options, for a cache of fewer than 64 entries or of the kind `'none'`, and for one that is being
 * examined; a CacheError `CLOSED` for one that was closed.
 */
export function adviseOn(cache: Cache, options: AdviceOptions = {}): CacheExamination {
  if (!(cache instanceof Object) || !('stats' in cache)) throw refusal('cache', 'a cache', cache)
  return examine(storeOf(cache), options, surroundings)
}

/** The examination of a cache that is under way, or was the last; undefined where there was none. */
export function examinationOf(cache: Cache): CacheExamination | undefined {
  return under.get(storeOf(cache))
}

const surroundings: Surroundings = {
  stopwatch: () => performance.now(),
  later(callback, milliseconds) {
    const timer: { unref?(): void } | number = setTimeout(callback, milliseconds)
    if (typeof timer === 'object') timer.unref?.()
  },
}
