import { describe, expect, test } from 'vitest'
import type { Cache, LoadContext, LoadOptions } from '../../src/index.ts'
import { deferred, ticks } from '../support/deferred.ts'
import { checkInvariants } from '../support/invariants.ts'
import { open, pass, useFakeTime } from './support.ts'

/*
 * Every order in which three callers, two loads and two invalidations can come and settle, by exhaustion.
 *
 * The source has a version, which each invalidation raises: first the source changes, then the cache is told. A load reads the
 * version as it starts and brings it when it ends. A caller must be given no version older than the latest invalidation that came
 * before its call, and at the end none older than the latest invalidation may be in the cache.
 *
 * `expire` alone lets an older value be given on purpose: one that is stale, and was in the cache as a value until then. It is held
 * to the latest of the other invalidations there, and to the rule for all where no stale value may be given.
 */

useFakeTime()

/** `c` a caller, `i` an invalidation, `0` and `1` the first and the second load end. */
type Step = 'c' | 'i' | '0' | '1'

/** All orders of three callers, two invalidations and the ends of two loads. */
const orders = [...permutations(['c', 'c', 'c', 'i', 'i', '0', '1'])]

/** All distinct orders of some steps. */
function* permutations(steps: readonly Step[]): Generator<readonly Step[]> {
  if (steps.length === 0) yield []
  for (const [i, step] of steps.entries()) {
    if (steps.indexOf(step) !== i) continue
    for (const rest of permutations(steps.toSpliced(i, 1))) yield [step, ...rest]
  }
}

type Versions = Cache<string, number>

/** How the cache is told of a version. Whether an older one may still be given where it is stale. */
const invalidations: Record<string, { tell(cache: Versions, version: number): void; lets?: 'stale' }> = {
  set: { tell: (cache, version) => cache.set('k', version, { tags: ['t'] }) },
  delete: { tell: (cache) => cache.delete('k') },
  take: { tell: (cache) => cache.take('k') },
  clear: { tell: (cache) => cache.clear() },
  deleteByTag: { tell: (cache) => cache.deleteByTag('t') },
  incrVersion: {
    tell(cache) {
      // Only what is there can be moved away; a load under way is overtaken as it is.
      if (!cache.has('k')) cache.set('k', 0)
      cache.incrVersion('k')
    },
  },
  expire: { tell: (cache) => cache.expire('k'), lets: 'stale' },
}

/** Where the key is `stale` at the start, and what may be given then. */
const windows: Record<string, { readonly options: LoadOptions; readonly stale: boolean }> = {
  'no window': { options: {}, stale: false },
  staleWhileRevalidate: { options: { staleWhileRevalidate: '1h' }, stale: true },
  staleIfError: { options: { staleIfError: '1h', errorBackoff: 0 }, stale: true },
}

/** Who says what tags a result bears. */
const tellers = ['the call', 'the loader'] as const

interface Scene {
  readonly kinds: readonly [string, string]
  readonly window: string
  readonly tagsBy: (typeof tellers)[number]
  /** What the first load ends with. */
  readonly first: 'value' | 'error'
  readonly order: readonly Step[]
}

/** One order, played and judged. */
async function play({ kinds, window, tagsBy, first, order }: Scene): Promise<void> {
  const { options, stale } = windows[window]!
  const { cache, errors } = open<number>({ ...options, ttl: '1h' } as object)
  const call = tagsBy === 'the call' ? { tags: ['t'] } : {}
  let version = 1
  /** The latest version that any caller may rely on, and the latest for those who may be given stale values. */
  let told = 1
  let toldToAll = 1
  if (stale) {
    cache.set('k', 1, { ttl: 1, tags: ['t'] })
    await pass(1)
  }

  const loads: { end(): void; ended: boolean }[] = []
  const loader = (_: string, context: LoadContext<string, number>): Promise<number> => {
    const read = version
    const { promise, resolve, reject } = deferred<number>()
    const index = loads.length
    const load = {
      ended: false,
      end() {
        load.ended = true
        if (tagsBy === 'the loader') context.tags = ['t']
        if (index === 0 && first === 'error') reject('down')
        else resolve(read)
      },
    }
    loads.push(load)
    return promise
  }

  let invalidated = 0
  /** Loads whose end comes before they began: they end as soon as they have begun. */
  const ending = new Set<number>()
  const callers: { readonly least: number; readonly given: Promise<unknown> }[] = []
  const verdict = JSON.stringify({ kinds, window, tagsBy, first, order: order.join('') })
  for (const step of order) {
    if (step === 'c') {
      const given = cache.getOrLoad('k', loader, call).catch((error) => error)
      callers.push({ least: stale || invalidated > 0 ? toldToAll : told, given })
    } else if (step === 'i') {
      const { tell, lets } = invalidations[kinds[invalidated++]!]!
      version++
      tell(cache, version)
      told = version
      if (lets !== 'stale' || !stale) toldToAll = version
    } else ending.add(Number(step))
    for (const i of ending) if (loads[i]?.ended === false) loads[i].end()
    await ticks()
    checkInvariants(cache, { loading: true })
  }
  // Loads beyond the second, begun because a result came too late for their callers, end last.
  for (let i = 0; i < loads.length; i++) {
    if (!loads[i]!.ended) loads[i]!.end()
    await ticks()
  }

  for (const [i, { least, given }] of callers.entries()) {
    const value = await given
    if (value !== 'down') expect(value, `caller ${i + 1} in ${verdict}`).toBeGreaterThanOrEqual(least)
  }
  expect(cache.get('k') ?? told, `what stands in the end in ${verdict}`).toBeGreaterThanOrEqual(told)
  checkInvariants(cache)
  cache.close()
  errors.splice(0)
}

test('there are 420 orders', () => expect(orders.length).toBe(420))

const names = Object.keys(invalidations)
const pairs = names.flatMap((one) => names.map((two) => [one, two] as const))

describe.each(Object.keys(windows))('nobody is given what is too old, %s', (window) => {
  test.each(pairs)('%s and %s', { timeout: 30_000 }, async (...kinds) => {
    for (const tagsBy of tellers) {
      if (tagsBy === 'the loader' && !kinds.includes('deleteByTag')) continue
      for (const first of ['value', 'error'] as const)
        for (const order of orders) await play({ kinds, window, tagsBy, first, order })
    }
  })
})
