import type { Store } from '../engine/store.ts'
import { CacheError } from '../errors.ts'
import { isRecord, positiveInteger, unknownOption } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import type { PolicyName } from '../policies/policy.ts'
import { type Advice, adviseBy } from './advised.ts'
import { Examination } from './examination.ts'
import { entriesOf } from './extent.ts'
import type { Surroundings } from './findings.ts'
import { Guarded } from './guarded.ts'

/** How a cache is examined. */
export interface AdviceOptions {
  /** How many reads are examined, after a warm-up of ten bounds of the cache. Default: twenty bounds. */
  readonly reads?: number | undefined
  /** The sizes, as multiples of the present bound; 1 is always among them. Default ¼, ½, 1, 2 and 4. */
  readonly factors?: readonly number[] | undefined
  /** The policies; the cache's own is always among them. Default both. */
  readonly policies?: readonly PolicyName[] | undefined
  /** Entries of the smallest of the small caches that stand for the sizes. More make the advice more exact and cost as much more. Default 64. */
  readonly smallest?: number | undefined
  /** The share of one core that the examination may take on average. Default 0.01. */
  readonly budget?: number | undefined
}

/** An examination under way. */
export interface CacheExamination {
  /** What can be said by now. */
  advice(): Advice
  /** Resolves when all reads were examined, or it was stopped, or the cache was resized or closed. */
  readonly over: Promise<Advice>
  /** Ends it, and returns what can be said by now. A second call returns the same. */
  stop(): Advice
  [Symbol.dispose](): void
}

/** Smaller caches are not examined: too few keys could be watched. */
const LEAST_ENTRIES = 64
const NAMES = ['reads', 'factors', 'policies', 'smallest', 'budget']

/** Examinations under way, or the last ones. */
export const under: WeakMap<Store, CacheExamination> = new WeakMap()

/** Begins to examine a store. Throws what `adviseOn` throws. */
export function examine(store: Store, options: AdviceOptions, machine: Surroundings): CacheExamination {
  const settings = check(options, store.settings.policy)
  assertExaminable(store)
  const examination = new Examination(store, settings, machine)
  const entries = entriesOf(store)
  const { bound } = examination
  const { policy } = store.settings
  const { unit } = store
  const advice = (): Advice =>
    adviseBy(examination.findings(), {
      ...{ name: store.label, policy, unit, bound, entries },
      bytesPerEntry: Math.round(new Guarded(store).eachAll),
    })
  const stop = (): Advice => {
    examination.stop()
    return advice()
  }
  const result: CacheExamination = {
    advice,
    over: examination.whenOver.then(advice),
    stop,
    [Symbol.dispose]: () => void stop(),
  }
  under.set(store, result)
  return result
}

function assertExaminable(store: Store): void {
  if (store.root.closed) throw new CacheError('CLOSED', 'the cache was closed')
  if (store.settings.kind === 'none')
    throw new TypeError("cache: expected one that keeps something, got one of the kind 'none'")
  if (store.isWatched || (under.get(store)?.advice().state ?? 'over') !== 'over')
    throw new TypeError('cache: expected one that is not being examined already')
  const entries = entriesOf(store)
  if (entries < LEAST_ENTRIES)
    throw new RangeError(
      `cache: expected one of at least ${LEAST_ENTRIES} entries, got ${Math.floor(entries)}; record a trace of it, for \`nearcache simulate\``,
    )
}

function check(options: unknown, own: PolicyName) {
  if (!isRecord(options)) throw refusal('options', 'an object such as { reads: 100_000 }', options)
  for (const name of Object.keys(options))
    if (!NAMES.includes(name)) throw unknownOption(`adviseOn.${name}`, name, NAMES)
  const {
    reads,
    factors = [0.25, 0.5, 1, 2, 4],
    policies = ['adaptive', 'lru'],
    smallest = 64,
    budget = 0.01,
  } = options as AdviceOptions
  if (
    !Array.isArray(factors) ||
    factors.length === 0 ||
    !factors.every((factor) => typeof factor === 'number' && factor >= 1 / 64 && factor <= 64)
  )
    throw refusal('factors', 'numbers from 1/64 to 64', factors)
  if (!Array.isArray(policies) || !policies.every((policy) => policy === 'adaptive' || policy === 'lru'))
    throw refusal('policies', "an array of 'adaptive' and 'lru'", policies)
  if (!(typeof budget === 'number' && budget > 0 && budget <= 1))
    throw refusal('budget', 'a share of one core, above 0 and at most 1', budget)
  positiveInteger(smallest, 'smallest')
  return {
    factors: [...new Set([...factors, 1])].sort((a, b) => a - b),
    policies: [...new Set([own, ...policies])],
    smallest,
    reads: reads === undefined ? undefined : positiveInteger(reads, 'reads'),
    budget,
  }
}
