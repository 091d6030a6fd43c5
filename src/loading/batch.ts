import { Flights } from '../core/fence.ts'
import { tracedCall, traceEnd, traceLoad } from '../engine/channels.ts'
import type { LoadOutcome } from '../engine/stats.ts'
import { callable, checkNames, positiveInteger, type Signal } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import { type LoadContext, type LoadPlace, resolveResult } from './flight.ts'
import { currentWork, Work } from './waits.ts'

/** What a batch loader answers with: the values by key. A key that is missing, or undefined, is not found. */
export type Answer<K, V> = Iterable<readonly [K, V | undefined]>

/** Loads many keys at once. */
export type BatchLoader<K, V, Found = K> = (
  keys: readonly K[],
  context: { readonly signal: Signal },
) => Answer<Found, V> | PromiseLike<Answer<Found, V>>

/**
 * One call for many keys. Each key has a flight of its own, whose loader is `load`; `run` calls the user's loader once for all
 * that were started. What the answer brings besides is stored too, unless it was overtaken meanwhile.
 */
export class Batch {
  readonly #place: LoadPlace
  readonly #loadMany: (keys: readonly never[], context: { readonly signal: Signal }) => unknown
  readonly #keys: unknown[] = []
  readonly #abort = new AbortController()
  readonly #work: Work = new Work()
  #unwanted = 0
  #hasRun = false
  #answer!: (answer: Map<unknown, unknown> | Promise<Map<unknown, unknown>>) => void
  readonly #answered: Promise<Map<unknown, unknown>>

  constructor(
    place: LoadPlace,
    loadMany: (keys: readonly never[], context: { readonly signal: Signal }) => unknown,
  ) {
    this.#place = place
    this.#loadMany = loadMany
    this.#answered = new Promise((resolve) => {
      this.#answer = resolve
    })
  }

  readonly load = async (key: unknown, context: LoadContext): Promise<unknown> => {
    if (this.#hasRun) return this.#loadAlone(key, context)
    const { signal } = context
    currentWork()?.comesFrom(this.#work)
    this.#keys.push(key)
    signal.addEventListener('abort', () => {
      if (++this.#unwanted === this.#keys.length) this.#abort.abort(signal.reason)
    })
    return (await this.#answered).get(key)
  }

  run(): void {
    this.#hasRun = true
    if (this.#keys.length > 0) this.#answer(this.#ask())
  }

  /** For a key that turned out only later to need a load of its own. */
  #loadAlone(key: unknown, context: LoadContext): Promise<unknown> {
    const batch = new Batch(this.#place, this.#loadMany)
    const value = batch.load(key, context)
    batch.run()
    return value
  }

  async #ask(): Promise<Map<unknown, unknown>> {
    const { store, space, resolved } = this.#place
    space.flights ??= new Flights()
    const { flights } = space
    const overtaken = flights.beginBatch()
    const deletionsBefore = store.tagFence.begin()
    const message = traceLoad(store.label, undefined, 'miss', this.#keys.length)
    let outcome: LoadOutcome = 'failure'
    let failure: unknown
    try {
      const ask = (): unknown => this.#loadMany(this.#keys as never[], { signal: this.#abort.signal })
      const call = (): unknown => this.#work.run(ask)
      const answer = toMap(await (message === undefined ? call() : tracedCall(message, call)))
      outcome = 'success'
      if (store.slots.isBehind) store.catchUp(space)
      const deleted =
        resolved.tags !== undefined &&
        store.tagFence.deletionsSince(deletionsBefore, space, resolved.tags).length > 0
      if (!deleted) {
        const asked = new Set(this.#keys)
        for (const [key, value] of answer) {
          const mayStore =
            space.flights === flights &&
            flights.at(key) === undefined &&
            !flights.wasOvertaken(key, overtaken)
          if (value !== undefined && mayStore && !asked.has(key)) this.#keep(key, value, deletionsBefore)
        }
      }
      return answer
    } catch (error) {
      failure = error
      throw error
    } finally {
      this.#work.end()
      if (message !== undefined) traceEnd(message, outcome, failure)
      store.tagFence.end()
      flights.endBatch(overtaken)
      if (flights.isIdle && space.flights === flights) space.flights = undefined
      store.notify()
    }
  }

  #keep(key: unknown, value: unknown, deletionsBefore: number): void {
    const { store, space, resolved } = this.#place
    try {
      const kept = store.copyIn(value)
      const own = resolveResult(store, resolved, key, kept)
      const weight = store.weigh(kept, key)
      if (
        own.tags !== undefined &&
        store.tagFence.deletionsSince(deletionsBefore, space, own.tags).length > 0
      )
        return
      store.commit(space, key, kept, weight, own)
    } catch (error) {
      store.faults.report('weigher', error, key)
    }
  }
}

/**
 * Gathers the calls of one turn of the event loop into one call of `loadMany`: a loader for `getOrLoad`, where keys are asked for one
 * by one in many places. `maxKeys` is how many go into one call at most; default: all.
 */
export function batchLoader<K, V>(
  loadMany: (keys: readonly K[]) => Answer<K, V> | PromiseLike<Answer<K, V>>,
  options: { readonly maxKeys?: number } = {},
): (key: K) => Promise<V> {
  callable(loadMany, 'loadMany')
  const { maxKeys = Infinity } = checkNames(options, ['maxKeys'])
  positiveInteger(maxKeys, 'maxKeys')
  let gathered: { keys: K[]; work: Work; answer: Promise<Map<unknown, unknown>> } | undefined
  const ask = async (keys: K[], work: Work): Promise<Map<unknown, unknown>> => {
    await endOfTurn()
    gathered = undefined
    try {
      return toMap(await work.run(() => loadMany(keys)))
    } finally {
      work.end()
    }
  }
  return async (key) => {
    if (gathered === undefined || gathered.keys.length >= maxKeys) {
      const keys: K[] = []
      const work = new Work()
      gathered = { keys, work, answer: ask(keys, work) }
    }
    const { keys, work, answer } = gathered
    currentWork()?.comesFrom(work)
    keys.push(key)
    return (await answer).get(key) as V
  }
}

/** After all that the current turn has to do, microtasks included. */
function endOfTurn(): Promise<void> {
  const { nextTick } = globalThis.process ?? {}
  return new Promise((resolve) => {
    queueMicrotask(() => (nextTick === undefined ? queueMicrotask(resolve) : nextTick(resolve)))
  })
}

function toMap(answer: unknown): Map<unknown, unknown> {
  if (answer instanceof Map) return answer
  if (typeof (answer as Iterable<unknown> | null | undefined)?.[Symbol.iterator] !== 'function') {
    throw refusal('loadMany', 'a Map or pairs of a key and a value to be returned', answer)
  }
  const found = new Map<unknown, unknown>()
  for (const pair of answer as Iterable<unknown>) {
    if (!Array.isArray(pair)) throw refusal('loadMany', 'pairs of a key and a value to be returned', pair)
    found.set(pair[0], pair[1])
  }
  return found
}
