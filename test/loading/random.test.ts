import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { Cache, CacheError } from '../../src/index.ts'
import { type Deferred, deferred, ticks } from '../support/deferred.ts'
import { checkInvariants } from '../support/invariants.ts'
import { type Caller, type Flight, Model, type ModelSettings, type Outcome } from './model.ts'
import { useFakeTime } from './support.ts'

/** Set NEARCACHE_SEED to repeat a run. */
const seed = Number(process.env.NEARCACHE_SEED ?? Math.trunc(Math.random() * 2 ** 31))
const OPERATIONS = 30_000

useFakeTime()

const settings: fc.Arbitrary<ModelSettings> = fc.record({
  ttl: fc.constant(100),
  staleWhileRevalidate: fc.constantFrom(0, 50, 200),
  staleIfError: fc.constantFrom(0, 100, 400),
  errorBackoff: fc.constantFrom(0, 40),
  refreshAhead: fc.constantFrom(0, 0.5),
  softTimeout: fc.constantFrom(Infinity, 15),
  hardTimeout: fc.constantFrom(Infinity, 60),
  negativeTtl: fc.constantFrom(0, 70),
  errorTtl: fc.constantFrom(0, 70),
})

type Operation =
  | { readonly do: 'call'; readonly key: string; readonly tagged: boolean }
  | { readonly do: 'set'; readonly key: string; readonly tagged: boolean; readonly ttl: number }
  | { readonly do: 'delete' | 'take' | 'expire'; readonly key: string }
  | { readonly do: 'touch'; readonly key: string; readonly ttl: number }
  | { readonly do: 'clear' | 'deleteByTag' }
  | { readonly do: 'land'; readonly which: number; readonly ends: 'value' | 'undefined' | 'error' }
  | { readonly do: 'abort'; readonly which: number }
  | { readonly do: 'advance'; readonly ms: number }

const key = fc.constantFrom('a', 'b', 'c')
const tagged = fc.boolean()
const which = fc.nat(5)

/** Loads that no `land` picks never settle. */
const operations: fc.Arbitrary<Operation[]> = fc.array(
  fc.oneof<{ weight: number; arbitrary: fc.Arbitrary<Operation> }[]>(
    { weight: 10, arbitrary: fc.record({ do: fc.constant('call'), key, tagged }) },
    {
      weight: 6,
      arbitrary: fc.record({
        ...{ do: fc.constant('land'), which },
        ends: fc.constantFrom('value', 'value', 'undefined', 'error'),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('advance'), ms: fc.constantFrom(1, 10, 37, 60, 100, 250) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('abort'), which }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('set'), key, tagged, ttl: fc.constantFrom(20, 100) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('delete', 'take', 'expire', 'expire'), key }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('touch'), key, ttl: fc.constantFrom(0, 20, 100) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('clear', 'deleteByTag', 'deleteByTag') }) },
  ),
  { minLength: 20, maxLength: 120, size: 'max' },
)

/** A cache and its model, side by side. */
class Bench {
  readonly #errors: unknown[] = []
  readonly #cache: Cache<string, number | undefined>
  readonly #model: Model
  readonly #loads: Deferred<number | undefined>[] = []
  readonly #flights: Flight[] = []
  readonly #calls: { readonly caller: Caller; readonly signal: AbortController; outcome: Outcome }[] = []
  #value = 0

  constructor(given: ModelSettings) {
    this.#model = new Model(given)
    this.#cache = new Cache({
      ...given,
      refreshAhead: given.refreshAhead === 0 ? undefined : given.refreshAhead,
      onError: (error) => this.#errors.push(error),
    })
  }

  async do(operation: Operation): Promise<void> {
    // What a timer sets off happens before time goes on.
    if (operation.do === 'advance') await vi.advanceTimersByTimeAsync(operation.ms)
    this.#apply(operation)
    for (const flight of this.#model.flights) if (!this.#flights.includes(flight)) this.#flights.push(flight)
    await ticks()
    this.#compare()
  }

  end(): void {
    this.#cache.close()
    vi.clearAllTimers()
  }

  #apply(operation: Operation): void {
    const [cache, model] = [this.#cache, this.#model]
    switch (operation.do) {
      case 'call': {
        const signal = new AbortController()
        const caller = model.call(operation.key, operation.tagged)
        const call = { caller, signal, outcome: 'waiting' as Outcome }
        this.#calls.push(call)
        const options = { signal: signal.signal, tags: operation.tagged ? ['t'] : undefined }
        cache.getOrLoad(operation.key, this.#load, options).then(
          (given) => {
            call.outcome = { given }
          },
          (error) => {
            call.outcome = { failed: error instanceof CacheError ? error.code : error }
          },
        )
        break
      }
      case 'set': {
        const value = this.#value++
        const { key, ttl, tagged } = operation
        cache.set(key, value, { ttl, tags: tagged ? ['t'] : undefined })
        model.set(key, value, ttl, tagged)
        break
      }
      case 'touch':
        expect(cache.touch(operation.key, operation.ttl)).toBe(model.touch(operation.key, operation.ttl))
        break
      case 'take':
        cache.take(operation.key)
        model.delete(operation.key)
        break
      case 'delete':
      case 'expire':
        cache[operation.do](operation.key)
        model[operation.do](operation.key)
        break
      case 'clear':
        cache.clear()
        model.clear()
        break
      case 'deleteByTag':
        cache.deleteByTag('t')
        model.deleteByTag()
        break
      case 'land': {
        const open = this.#flights.filter(({ landed }) => !landed)
        const flight = open[operation.which % open.length]
        if (flight === undefined) return
        const load = this.#loads[this.#flights.indexOf(flight)]!
        const value = operation.ends === 'value' ? this.#value++ : undefined
        if (operation.ends === 'error') load.reject('down')
        else load.resolve(value)
        model.land(flight, operation.ends === 'error' ? { error: 'down' } : { value })
        break
      }
      case 'abort': {
        const waiting = this.#calls.filter(({ caller }) => caller.outcome === 'waiting')
        const call = waiting[operation.which % waiting.length]
        if (call === undefined) return
        call.signal.abort('left')
        model.abort(call.caller, 'left')
        break
      }
      case 'advance':
        model.advance(operation.ms)
    }
  }

  readonly #load = (): Promise<number | undefined> => {
    const load = deferred<number | undefined>()
    this.#loads.push(load)
    return load.promise
  }

  #compare(): void {
    const [cache, model] = [this.#cache, this.#model]
    const outcomes = this.#calls.map(({ outcome }) => outcome)
    expect(outcomes).toEqual(this.#calls.map(({ caller }) => caller.outcome))
    for (const key of ['a', 'b', 'c']) expect([key, cache.peek(key)]).toEqual([key, model.live(key)])
    expect(cache.stats().loads, 'loads').toBe(model.loads)
    expect(this.#errors.length, 'errors reported').toBe(model.errors)
    checkInvariants(cache, { loading: true })
    // What has been compared and will not change need not be compared again.
    for (let i = this.#calls.length - 1; i >= 0; i--)
      if (this.#calls[i]!.outcome !== 'waiting') this.#calls.splice(i, 1)
  }
}

test(`loads agree with their model (NEARCACHE_SEED=${seed})`, { timeout: 60_000 }, async () => {
  console.log(`NEARCACHE_SEED=${seed}`)
  let done = 0
  const property = fc.asyncProperty(settings, operations, async (given, sequence) => {
    const bench = new Bench(given)
    for (const operation of sequence) {
      await bench.do(operation)
      done++
    }
    bench.end()
  })
  for (let round = 0; done < OPERATIONS; round++)
    await fc.assert(property, { seed: seed + round, numRuns: 100 })
})
