import assert from 'node:assert/strict'
import { vi } from 'vitest'
import { Cache, storeOf } from '../../src/cache.ts'
import type { Queue } from '../../src/core/queue.ts'
import { FIRST_SLOT, NONE } from '../../src/core/slots.ts'
import type { Space } from '../../src/core/space.ts'
import { NegativeResult } from '../../src/engine/negative.ts'
import type { Removal } from '../../src/engine/removal.ts'
import type { Store } from '../../src/engine/store.ts'
import { CacheError } from '../../src/errors.ts'
import { manualClock } from '../support/clock.ts'
import { type Deferred, deferred, ticks } from '../support/deferred.ts'
import { checkInvariants, members } from '../support/invariants.ts'
import { type Entry, type Flight, ModelCache, type ModelSpace, ModelStore } from './model.ts'
import type { Operation, ValueName } from './operations.ts'

/** A cache to be tried. */
export interface Setup {
  readonly policy: 'lru' | 'adaptive'
  readonly maxEntries: number
  readonly maxWeight: number
  /** Default: `maxWeight`. */
  readonly maxEntryWeight?: number
  readonly idleTtl: number
  readonly listener: boolean
  readonly namespaces: boolean
  /** Time by the fake timers of a test runner, under which the sweeper runs by itself; else a clock of its own. */
  readonly timers: boolean
}

/** A view of a key space, in the cache under test and in the model. */
interface View {
  readonly cache: Cache<unknown, unknown>
  readonly model: ModelCache
  readonly space: Space
}

/** What came of a call. */
type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** A call of `getOrLoad`. */
interface Caller {
  /** How its loader answers, if it runs. */
  readonly answer: ValueName | 'throws' | 'later'
  readonly result: unknown
  readonly later: Deferred<unknown>
  started: boolean
  actual: Outcome | undefined
  expected: Outcome | undefined
}

interface Load {
  readonly flight: Flight
  /** Who waits; the loader of the first one runs. */
  readonly callers: Caller[]
}

const TTL = 2000
const VIEWS = 8

let names = 0

/** Runs operations on a cache and on the model side by side; throws at the first difference or broken invariant. */
export class Bench {
  readonly #setup: Setup
  readonly #store: Store
  readonly #model: ModelStore
  readonly #views: View[] = []
  readonly #spaces = new Map<Space, ModelSpace>()
  readonly #told: Removal[] = []
  /** Errors that no caller was given. */
  readonly #errors: unknown[] = []
  readonly #loads: Load[] = []
  /** Those among them that have been answered at once. */
  readonly #landing: Load[] = []
  readonly #clock = manualClock()

  constructor(setup: Setup) {
    this.#setup = setup
    const { policy, maxEntries, maxWeight, maxEntryWeight, idleTtl } = setup
    const name = `model ${names++}`
    const root = new Cache<unknown, unknown>({
      ...{ policy, maxEntries, ttl: TTL, name },
      maxWeight: maxWeight === Infinity ? undefined : maxWeight,
      weigh: maxWeight === Infinity ? undefined : weigh,
      maxEntryWeight,
      idleTtl: idleTtl === Infinity ? undefined : idleTtl,
      clock: setup.timers ? undefined : this.#clock.now,
      onRemoval: setup.listener ? (removal) => this.#told.push(removal) : undefined,
      onError: (error) => this.#errors.push(error),
    })
    this.#store = storeOf(root)
    this.#store.clock.read()
    this.#model = new ModelStore({
      ...{ policy, maxEntries, maxWeight, maxEntryWeight: maxEntryWeight ?? maxWeight, idleTtl, ttl: TTL },
      weigh: maxWeight === Infinity ? () => 0 : weighOrThrow,
    })
    const flights = new Set<Flight>()
    const addRoot = (cache: Cache<unknown, unknown>, space: Space): void => {
      const model = new ModelCache(this.#model, this.#model.addRoot(), flights)
      this.#addView({ cache, model, space })
    }
    addRoot(root, this.#store.root)
    if (setup.namespaces) addRoot(new Cache({ name, keyPrefix: 'p', ttl: TTL }), this.#store.spaceOf('p', 1))
    this.#watchPolicy()
  }

  /** Does one operation on both sides and compares; a Promise where it has to be waited for. */
  do(operation: Operation): void | Promise<void> {
    this.#model.victims = []
    const { view } = operation
    const at = this.#views[view % this.#views.length]!
    switch (operation.do) {
      case 'advance':
      case 'jump':
        this.#moveTime(operation)
        return this.#compare()
      case 'sweep':
        this.#sweep(operation.late)
        return this.#compare()
      case 'namespace':
      case 'version':
        this.#open(at, operation)
        return this.#compare()
      case 'close':
        if (at.model.space.parent !== undefined) {
          at.cache.close()
          at.model.close()
        }
        return this.#compare()
      case 'load':
        return this.#load(at, operation)
      case 'land':
        if (this.#loads.length === 0) return
        return this.#land(this.#loads[operation.which % this.#loads.length]!, operation.answer)
    }
    const values = this.#values(at)
    const actual = outcome(() => perform(operation, at.cache, values()))
    const expected = outcome(() => perform(operation, at.model, values()))
    this.#compare()
    compareOutcomes(actual, expected)
  }

  /** Ends all loads, compares a last time and closes the cache. */
  async end(): Promise<void> {
    while (this.#loads.length > 0) {
      this.#model.victims = []
      await this.#land(this.#loads.at(-1)!, 'fresh')
    }
    if (this.#setup.timers) {
      // After a jump of the wall clock the timer looks again within a minute.
      const ended = this.#model.order.filter((entry) => this.#model.ended(entry) !== undefined)
      this.#model.victims = []
      this.#moveTime({ do: 'advance', ms: 62_000 })
      this.#compare()
      for (const entry of ended) assert.ok(!this.#model.order.includes(entry), 'what has ended is swept out')
    }
    this.#views[0]!.cache.close()
    checkInvariants(this.#views[0]!.cache)
    assert.equal(this.#store.size, 0, 'a closed cache is empty')
    if (this.#setup.listener) {
      const left = this.#model.order.length + this.#model.cleared.length
      assert.equal(this.#told.length, left, 'what is left is told as cleared on close')
      for (const root of this.#model.roots) this.#model.close(root)
      this.#model.reclaim()
      this.#compareRemovals()
    }
  }

  // Operations

  #moveTime({ do: how, ms }: { readonly do: 'advance' | 'jump'; readonly ms: number }): void {
    if (!this.#setup.timers) this.#clock.advance(ms)
    else if (how === 'advance') vi.advanceTimersByTime(ms)
    else vi.setSystemTime(Date.now() + ms)
    this.#store.clock.read()
    if (ms > 0) this.#model.time += ms
    if (this.#setup.timers) this.#learnSwept()
  }

  /** The sweeper has run when it saw fit: whatever is gone must have ended. */
  #learnSwept(): void {
    const held = this.#held()
    for (const entry of this.#model.order) {
      if (held.has(entry)) continue
      const reason = this.#model.ended(entry)
      assert.ok(reason, `${String(entry.key)} was swept out and has not ended`)
      // Which of the two reasons came first depends on when the sweeper ran.
      const invalidated = this.#told.some(
        (told) => told.value === entry.value && told.reason === 'invalidated',
      )
      this.#model.leave(entry, entry.invalidated && invalidated ? 'invalidated' : reason)
    }
  }

  #sweep(late: boolean): void {
    const reclaimed = this.#store.hasLeft
    const done = this.#store.expiry.sweep(() => late)
    if (reclaimed) this.#model.reclaim()
    // A late sweep that has found no entry left may still have keys to drop.
    if (done || this.#store.size === 0) this.#model.sweep()
    if (!done) assert.ok(late && (reclaimed || this.#store.size === 0), 'a sweep that is not late is done')
  }

  #open(at: View, operation: Operation & { readonly do: 'namespace' | 'version' }): void {
    const open = (cache: View['cache'] | ModelCache) =>
      operation.do === 'namespace' ? cache.namespace(operation.name) : cache.version(operation.version)
    const actual = outcome(() => open(at.cache))
    const expected = outcome(() => open(at.model))
    if ('error' in expected || 'error' in actual) {
      compareOutcomes(actual, expected)
      return
    }
    const space =
      operation.do === 'namespace'
        ? this.#store.namespace(at.space, operation.name)
        : this.#store.version(at.space, operation.version)
    this.#addView({ cache: actual.value as Cache, model: expected.value as ModelCache, space })
  }

  #addView(view: View): void {
    this.#spaces.set(view.space, view.model.space)
    const permanent = this.#setup.namespaces ? 2 : 1
    if (this.#views.length === VIEWS) this.#views.splice(permanent, 1)
    this.#views.push(view)
  }

  async #load(at: View, { key, options, answer }: Operation & { readonly do: 'load' }): Promise<void> {
    const later = deferred<unknown>()
    const plain = answer === 'later' || answer === 'throws'
    const result = plain ? undefined : this.#values(at)()(answer, key)
    const caller: Caller = {
      ...{ answer, result, later },
      ...{ started: false, actual: undefined, expected: undefined },
    }
    const loader = (asked: unknown): unknown => {
      assert.ok(!caller.started && Object.is(asked, key), 'a loader runs once, with its key')
      caller.started = true
      if (answer === 'later') return later.promise
      if (answer === 'throws') throw failure
      return result
    }
    at.cache.getOrLoad(key, loader, options as object).then(
      (value) => {
        caller.actual = { value }
      },
      (error) => {
        caller.actual = { error }
      },
    )
    const taken = outcome(() => at.model.takeOff(key, options ?? {}))
    await ticks()
    this.#board(caller, taken)
    this.#compareCallers([caller])
  }

  async #land({ flight, callers }: Load, answer: ValueName | 'throws'): Promise<void> {
    const { later } = callers[0]!
    const result = answer === 'throws' ? undefined : this.#values(this.#views[0]!)()(answer, flight.key)
    if (answer === 'throws') later.reject(failure)
    else later.resolve(result)
    await ticks()
    this.#finish(flight, answer, result)
    this.#compareCallers(callers)
  }

  /** Compares, when all that can land at once has landed. */
  #compareCallers(callers: readonly Caller[]): void {
    for (let load = this.#landing.shift(); load !== undefined; load = this.#landing.shift()) {
      const { answer, result } = load.callers[0]!
      this.#finish(load.flight, answer as ValueName | 'throws', result)
    }
    this.#compare()
    for (const { actual, expected } of callers) {
      if (expected === undefined) assert.equal(actual, undefined, 'who waits for a load waits')
      else compareOutcomes(actual, expected)
    }
  }

  /** A caller has a value, or waits for a load. */
  #board(caller: Caller, taken: Outcome): void {
    if ('error' in taken) caller.expected = taken
    else if ('value' in (taken.value as object)) caller.expected = taken.value as Outcome
    else {
      const flight = taken.value as Flight
      const under = this.#loads.find((load) => load.flight === flight)
      assert.equal(caller.started, under === undefined, 'a load starts if none is under way')
      if (under) under.callers.push(caller)
      else {
        const load = { flight, callers: [caller] }
        this.#loads.push(load)
        if (caller.answer !== 'later') this.#landing.push(load)
      }
    }
  }

  /** A load has ended: those who wait have its result. None of them can have joined after one of its tags was deleted. */
  #finish(flight: Flight, answer: ValueName | 'throws', result: unknown): void {
    const index = this.#loads.findIndex((load) => load.flight === flight)
    const [load] = this.#loads.splice(index, 1)
    const expected = this.#landInModel(flight, answer, result)
    for (const caller of load!.callers) caller.expected = expected
  }

  #landInModel(flight: Flight, answer: ValueName | 'throws', result: unknown): Outcome {
    const landed = outcome(() => this.#views[0]!.model.land(flight, result, answer === 'throws'))
    if ('error' in landed) return landed
    return answer === 'throws' ? { error: failure } : { value: result }
  }

  /** Makes the values of one operation: the same ones, in the same order, for each side that asks. */
  #values({ model }: View): () => (name: ValueName, key: unknown) => unknown {
    const made: unknown[] = []
    const make = (name: ValueName, key: unknown): unknown => {
      const present = name === 'same' ? model.space.entries.get(key)?.value : undefined
      return present ?? materialise(name === 'same' ? 'fresh' : name, this.#setup)
    }
    return () => {
      let asked = 0
      return (name, key) => {
        if (asked === made.length) made.push(make(name, key))
        return made[asked++]
      }
    }
  }

  // Comparison

  /** Tells the model what the policy gives up. */
  #watchPolicy(): void {
    const { policy, slots, root } = this.#store
    const victim = policy.victim.bind(policy)
    policy.victim = (now) => {
      const slot = victim(now)
      if (slot !== NONE) {
        const owner = slots.owners === undefined ? root.table : slots.owners[slot]!
        this.#model.victims.push({ space: this.#modelSpace(owner.space), key: slots.keys[slot] })
      }
      return slot
    }
  }

  #modelSpace(space: Space): ModelSpace {
    return this.#spaces.get(space) ?? this.#modelSpace(space.base).withVersion(space.version)
  }

  /** The slots of entries that the store holds, by the model's entries; with undefined for those that the model does not know. */
  #held(): Map<Entry | undefined, number> {
    const { slots, root } = this.#store
    const held = new Map<Entry | undefined, number>()
    for (let slot = FIRST_SLOT; slot < slots.end; slot++) {
      const owner = slots.owners === undefined ? root.table : slots.owners[slot]
      if (slots.deadlines[slot] === 0 || owner!.dropped) continue
      held.set(this.#modelSpace(owner!.space).entries.get(slots.keys[slot]), slot)
    }
    return held
  }

  #compare(): void {
    assert.deepEqual(this.#errors, [], 'no error is reported that a caller is given')
    const loading = this.#loads.length > 0
    checkInvariants(this.#views[0]!.cache, { loading })
    this.#compareEntries()
    this.#compareOrder()
    this.#compareStats()
    if (this.#setup.listener) this.#compareRemovals()
    this.#model.removals = []
    this.#told.length = 0
    for (const { cache, model } of this.#views)
      assert.equal(cache.size, model.size, 'size is the number of entries held')
  }

  #compareEntries(): void {
    const { slots, clock } = this.#store
    const held = this.#held()
    const now = clock.now()
    for (const [entry, slot] of held) {
      assert.ok(entry, `${String(slots.keys[slot])} is held and should have left`)
      assert.ok(Object.is(slots.values[slot], entry.value), `another value is under ${String(entry.key)}`)
      const left = Math.abs(slots.deadlines[slot]!) - now
      assert.equal(left, this.#model.endOf(entry) - this.#model.time, `time left of ${String(entry.key)}`)
      if (slots.weights) assert.equal(slots.weights[slot], entry.weight, `weight of ${String(entry.key)}`)
    }
    for (const entry of this.#model.order) assert.ok(held.has(entry), `${String(entry.key)} was lost`)

    const dropped = remaining(this.#store)
    for (let slot = FIRST_SLOT; slot < slots.end; slot++)
      if (slots.deadlines[slot] !== 0 && slots.owners?.[slot]?.dropped)
        dropped.push({ key: slots.keys[slot], value: slots.values[slot] })
    // Of two that have the same key and value, the one that was told has left.
    const isTold = ({ key, value, cleared }: Entry): boolean =>
      this.#told.some((one) => one.reason === cleared && Object.is(one.value, value) && sameKey(one.key, key))
    const cleared = this.#model.cleared.splice(0).sort((a, b) => Number(isTold(a)) - Number(isTold(b)))
    for (const entry of cleared) {
      const index = dropped.findIndex(
        ({ key, value }) => sameKey(key, entry.key) && Object.is(value, entry.value),
      )
      if (index < 0) this.#model.tellCleared(entry)
      else {
        dropped.splice(index, 1)
        this.#model.cleared.push(entry)
      }
    }
    assert.equal(dropped.length, 0, 'what waits to be reclaimed was cleared')
    assert.equal(this.#model.victims.length, 0, 'an entry was given up without need')
  }

  /** For lru, the whole order. */
  #compareOrder(): void {
    if (this.#setup.policy !== 'lru') return
    const { slots, policy } = this.#store
    const { queue } = policy as unknown as { readonly queue: Queue }
    const held = members(queue, slots).filter((slot) => !slots.owners?.[slot]?.dropped)
    assert.deepEqual(
      held.map((slot) => slots.keys[slot]),
      this.#model.order.map(({ key }) => key),
    )
  }

  #compareStats(): void {
    const stats = this.#store.stats()
    const { weight, size, hitRatio, hits, misses } = stats
    for (const [name, count] of Object.entries(this.#model.counters))
      assert.equal(stats[name as keyof typeof stats], count, `${name} in the statistics`)
    assert.equal(hitRatio, hits === 0 ? 0 : hits / (hits + misses))
    assert.equal(size, this.#model.order.length, 'size in the statistics')
    assert.equal(weight, this.#model.weight, 'weight in the statistics')
  }

  #compareRemovals(): void {
    const told = [...this.#told]
    for (const { key, value, reason } of this.#model.removals) {
      const index = told.findIndex(
        (one) => one.reason === reason && Object.is(one.value, value) && sameKey(one.key, key),
      )
      assert.ok(index >= 0, `the listener was not told that ${String(key)} is ${reason}`)
      told.splice(index, 1)
    }
    const [first] = told
    assert.ok(!first, `the listener was told once too often that ${String(first?.key)} is ${first?.reason}`)
  }
}

// Small parts

const failure = new Error('a loader or compute function fails')

/** Whatever both sides can do. */
type Target = Cache<unknown, unknown> | ModelCache

function perform(
  operation: Operation,
  target: Target,
  make: (name: ValueName, key: unknown) => unknown,
): unknown {
  const cache = target as ModelCache
  switch (operation.do) {
    case 'get':
      return cache.get(operation.key, failure)
    case 'has':
      return cache.has(operation.key)
    case 'peek':
      return cache.peek(operation.key)
    case 'expiresIn':
      return cache.expiresIn(operation.key)
    case 'delete':
      return cache.delete(operation.key)
    case 'expire':
      return cache.expire(operation.key)
    case 'take':
      return cache.take(operation.key)
    case 'getMany':
      return [...cache.getMany(operation.keys)].flat()
    case 'deleteMany':
      return cache.deleteMany(new Set(operation.keys))
    case 'set':
      return cache.set(operation.key, make(operation.value, operation.key), operation.options)
    case 'add':
      return cache.add(operation.key, make(operation.value, operation.key), operation.options)
    case 'setMany': {
      const pairs = operation.pairs.map(([key, value]) => [key, make(value, key)] as const)
      return cache.setMany(pairs, operation.options)
    }
    case 'touch':
      return cache.touch(operation.key, operation.ttl)
    case 'incr':
      return cache.incr(operation.key, operation.delta, operation.options)
    case 'decr':
      return cache.decr(operation.key, operation.delta, operation.options)
    case 'getOrSet':
      return cache.getOrSet(
        operation.key,
        (key) => {
          if (operation.compute === 'throws') throw failure
          if (operation.compute === 'sets') cache.set(key, failure, { ttl: 300 })
          if (operation.compute === 'deletes') cache.delete(key)
          if (operation.compute === 'clears') cache.clear()
          return make(operation.value, key)
        },
        operation.options,
      )
    case 'clear':
      return cache.clear()
    case 'size':
      return cache.size
    case 'iterate':
      return sorted(cache)
    case 'deleteByTag':
      return cache.deleteByTag(operation.tag)
    case 'resize':
      return cache.resize(operation.maxEntries)
    case 'incrVersion':
      return cache.incrVersion(operation.key, operation.delta)
    case 'decrVersion':
      return cache.decrVersion(operation.key, operation.delta)
  }
  throw new Error(`no such operation: ${operation.do}`)
}

/** Keys and values by all ways of iterating, in an order of their own. */
function sorted(cache: ModelCache): unknown[] {
  const keys = [...cache.keys()]
  const values = [...cache.values()]
  const pairs = [...cache.entries()]
  assert.deepEqual([...cache], pairs)
  assert.equal(keys.length, pairs.length)
  assert.ok(pairs.every(([key, value], i) => sameKey(key, keys[i]) && Object.is(value, values[i])))
  const name = (key: unknown): string => `${typeof key} ${String(key)}`
  return pairs.sort(([a], [b]) => (name(a) < name(b) ? -1 : 1)).flat()
}

function outcome(call: () => unknown): Outcome {
  try {
    return { value: call() }
  } catch (error) {
    return { error }
  }
}

function compareOutcomes(actual: Outcome | undefined, expected: Outcome): void {
  assert.ok(actual, 'who waits for a load is answered when it ends')
  if ('error' in expected || 'error' in actual) {
    const [one, other] = [actual, expected].map((side) => ('error' in side ? nameError(side.error) : side))
    assert.deepEqual(one, other)
    return
  }
  const [a, b] = [actual.value, expected.value]
  if (Array.isArray(a) && Array.isArray(b)) {
    assert.equal(a.length, b.length)
    for (const [i, one] of a.entries()) assert.ok(sameKey(one, b[i]), `item ${i} of the result`)
    return
  }
  assert.ok(Object.is(a, b), `expected ${String(b)}, got ${String(a)}`)
}

function nameError(error: unknown): string {
  if (error instanceof CacheError) return error.code
  return error === failure ? 'failure' : (error as Error).name
}

function sameKey(a: unknown, b: unknown): boolean {
  return a === b || Object.is(a, b)
}

// Values

function materialise(name: ValueName, setup: Setup): unknown {
  switch (name) {
    case 'fresh':
      return fresh(setup)
    case 'null':
      return null
    case 'false':
      return false
    case 'bigint':
      return 7n
    case 'heavy':
      return { weight: (setup.maxEntryWeight ?? setup.maxWeight) + 1 }
    case 'refused':
      return { weight: -1 }
    case 'undefined':
      return undefined
    default:
      return name
  }
}

let last = 0

function fresh({ maxWeight }: Setup): object {
  return { weight: last++ % Math.min(5, maxWeight) }
}

function weigh(value: unknown): number {
  if (typeof value === 'number' || typeof value === 'bigint') return 1 + (Math.abs(Number(value)) % 4)
  return (value as { weight?: number } | null)?.weight ?? 1
}

function weighOrThrow(value: unknown): number {
  const weight = weigh(value)
  if (weight >= 0) return weight
  throw new TypeError('model')
}

/** What a store held when it was emptied as a whole and has not yet been told. */
function remaining({ remains }: Store): { key: unknown; value: unknown }[] {
  const { emptied = [] } = (remains ?? {}) as unknown as {
    emptied?: { keys: unknown[]; values: unknown[]; deadlines: Float64Array; end: number; cursor: number }[]
  }
  return emptied.flatMap(({ keys, values, deadlines, end, cursor }) =>
    Array.from({ length: Math.max(0, end - cursor) }, (_, i) => cursor + i)
      .filter((slot) => deadlines[slot] !== 0 && !(values[slot] instanceof NegativeResult))
      .map((slot) => ({ key: keys[slot], value: values[slot] })),
  )
}
