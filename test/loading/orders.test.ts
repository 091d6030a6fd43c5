import { describe, expect, test } from 'vitest'
import { Cache, type CacheOptions, type LoadContext } from '../../src/index.ts'
import { manualClock } from '../support/clock.ts'
import { deferred } from '../support/deferred.ts'
import { checkInvariants } from '../support/invariants.ts'
import { useFakeTime } from './support.ts'

/*
 * Every order in which three callers, two loads and two invalidations can come and settle.
 *
 * The source has a version, which each invalidation raises: first the source changes, then the cache is told. A load reads the
 * version as it starts and brings it when it ends. No caller may be given a version older than the latest invalidation that came
 * before its call, and at the end none older than the latest invalidation may be in the cache.
 *
 * Where stale values are allowed one thing more may be given: the value that was stale when the caller came, which is one that ran
 * out or was ended by `expire`, and that no set, delete, take, clear, version move or deletion of its tag removed since.
 */

useFakeTime()

/** `c`: a caller comes. `i`: an invalidation. `0`, `1`: the first and the second load end, as soon as they have begun. */
type Step = 'c' | 'i' | '0' | '1'

/** All orders, without those that say that a load ends before it can have begun. */
const orders = [...permutations(['c', 'c', 'c', 'i', 'i', '0', '1'])].filter((order) => {
  const first = order.indexOf('c')
  return order.indexOf('0') > first && order.indexOf('1') > order.indexOf('c', first + 1)
})

/** All distinct orders of some steps. */
function* permutations(steps: readonly Step[]): Generator<readonly Step[]> {
  if (steps.length === 0) yield []
  for (const [i, step] of steps.entries()) {
    if (steps.indexOf(step) !== i) continue
    for (const rest of permutations(steps.filter((_, at) => at !== i))) yield [step, ...rest]
  }
}

type Versions = Cache<string, number>

/** How the cache is told that the source has a new version. */
const invalidations = {
  set: (cache, version) => cache.set('k', version, { tags: ['t'] }),
  delete: (cache) => cache.delete('k'),
  take: (cache) => cache.take('k'),
  clear: (cache) => cache.clear(),
  deleteByTag: (cache) => cache.deleteByTag('t'),
  incrVersion(cache, version) {
    // What is not there cannot be moved away.
    cache.add('k', version)
    cache.incrVersion('k')
  },
  expire: (cache) => cache.expire('k'),
} satisfies Record<string, (cache: Versions, version: number) => unknown>

type Kind = keyof typeof invalidations
const kinds = Object.keys(invalidations) as Kind[]

/** What may be given besides. With a window the key begins with a stale value; with `refreshAhead` with a live one that is due. */
const windows: Readonly<Record<string, CacheOptions<string, number>>> = {
  'without a window': {},
  'with staleWhileRevalidate': { staleWhileRevalidate: '1h' },
  'with staleIfError': { staleIfError: '1h', errorBackoff: 0 },
  'with refreshAhead': { refreshAhead: 0.5 },
}

/** What the first load ends with, and who says what tags a result bears. */
const manners = [
  { fails: false, tagsBy: 'the call' },
  { fails: true, tagsBy: 'the call' },
  { fails: false, tagsBy: 'the loader' },
] as const

interface Scene {
  readonly pair: readonly Kind[]
  readonly window: string
  readonly manner: (typeof manners)[number]
  readonly order: readonly Step[]
}

/** Enough for all that hangs on a promise here, in each of many thousand steps. */
async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await undefined
}

/** Plays one order and judges it. */
async function play({ pair, window, manner, order }: Scene): Promise<void> {
  const where = `${pair.join(', ')}; ${JSON.stringify(manner)}; ${order.join('')}`
  const clock = manualClock()
  const options: CacheOptions<string, number> = windows[window]!
  const cache: Versions = new Cache({ ttl: '1h', clock: clock.now, onError() {}, ...options })
  const tags = manner.tagsBy === 'the call' ? ['t'] : undefined

  /** The version of the source. The cache was told of all of them but the first. */
  let version = 1
  /** The stale value that may be given. */
  let stale: number | undefined
  const keepsStale = window.includes('stale')
  if (keepsStale) stale = 1
  if (window !== 'without a window') cache.set('k', 1, { ttl: 2, tags: ['t'] })
  clock.advance(keepsStale ? 2 : 1)

  const loads: (() => void)[] = []
  const load = (_: string, context: LoadContext<string, number>): Promise<number> => {
    const read = version
    const fails = manner.fails && loads.length === 0
    const { promise, resolve, reject } = deferred<number>()
    loads.push(() => {
      if (manner.tagsBy === 'the loader') context.tags = ['t']
      if (fails) reject('down')
      else resolve(read)
    })
    return promise
  }

  const calls: { readonly least: number; readonly stale: number | undefined; given: Promise<unknown> }[] = []
  const toTell = [...pair]
  const ended = new Set<Step>()
  for (const step of order) {
    if (step === 'c') {
      const given = cache.getOrLoad('k', load, { tags }).catch((error) => error)
      calls.push({ least: version, stale, given })
    } else if (step === 'i') {
      const kind = toTell.shift()!
      version++
      if (kind !== 'expire') stale = undefined
      else if (cache.has('k') && keepsStale) stale = cache.peek('k')
      invalidations[kind](cache, version)
    } else ended.add(step)
    if (ended.has('0')) loads[0]?.()
    await settle()
    if (ended.has('1')) loads[1]?.()
    await settle()
    if (cache.has('k')) stale = undefined
  }
  // A load that began because another brought what was too old for its callers, and those whose end came too early to begin.
  for (const end of loads.values()) {
    end()
    await settle()
  }

  for (const [i, { least, stale, given }] of calls.entries()) {
    const value = await given
    if (value === 'down' || value === stale) continue
    if (!((value as number) >= least))
      expect.fail(`caller ${i + 1} was given ${value}, of ${least}: ${where}`)
  }
  if (cache.has('k') && cache.peek('k')! < version)
    expect.fail(`${cache.peek('k')} stands, of ${version}: ${where}`)
  checkInvariants(cache)
  cache.close()
}

test('there are 168 orders', () => expect(orders.length).toBe(168))

const pairs = kinds.flatMap((one) => kinds.map((two): readonly Kind[] => [one, two]))

describe.each(Object.keys(windows))('%s', (window) => {
  test.each(pairs)(
    '%s and %s: nobody is given what is too old, and nothing too old stands',
    async (...pair) => {
      for (const manner of manners) {
        // Who tells the tags makes a difference only where one is deleted.
        if (manner.tagsBy === 'the loader' && !pair.includes('deleteByTag')) continue
        for (const order of orders) await play({ pair, window, manner, order })
      }
    },
  )
})
