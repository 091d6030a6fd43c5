import { afterEach, beforeEach, expect, vi } from 'vitest'
import { Cache, type CacheOptions, type LoadContext } from '../../src/index.ts'
import { type Deferred, deferred, ticks } from '../support/deferred.ts'
import { checkInvariants } from '../support/invariants.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

const { setImmediate } = globalThis
const rejections: unknown[] = []
const note = (error: unknown) => rejections.push(error)
const opened = new Set<{ readonly cache: Cache<never, never>; readonly errors: unknown[] }>()

/**
 * For each test of a file: fake time, no rejection that nobody handles, no error reported but those a test took off `errors`,
 * and sound structures at the end.
 */
export function useFakeTime(): void {
  beforeEach(() => {
    rejections.length = 0
    process.on('unhandledRejection', note)
    vi.useFakeTimers()
  })

  afterEach(async () => {
    const all = [...opened]
    opened.clear()
    await turn()
    for (const { cache } of all) checkInvariants(cache, { loading: true })
    for (const { cache } of all) cache.close()
    vi.clearAllTimers()
    vi.useRealTimers()
    await turn()
    process.off('unhandledRejection', note)
    expect(rejections, 'rejections that nobody handles').toEqual([])
    for (const { errors } of all) expect(errors, 'errors given to onError').toEqual([])
  })
}

/** Until promises have settled, and rejections that nobody handles were reported: a real turn of the event loop, no time. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Time goes on, and what hangs on timers settles. */
export async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  await ticks()
}

/** A cache that is checked at the end of its test, and what it gave to `onError`; a test takes off that list what it expects. */
export function open<V = string>(
  options: CacheOptions<string, V> = {},
): { cache: Cache<string, V>; errors: unknown[] } {
  const errors: unknown[] = []
  const cache = new Cache<string, V>({ onError: (error) => errors.push(error), ...options })
  opened.add({ cache: cache as object as Cache<never, never>, errors })
  return { cache, errors }
}

/** One call of a loader, settled by hand. */
export interface Call<V> extends Deferred<V | undefined> {
  readonly key: string
  readonly context: LoadContext<string, V>
}

/** A source that answers when a test says so. */
export class Source<V = string> {
  readonly calls: Call<V>[] = []

  readonly load = (key: string, context: LoadContext<string, V>): Promise<V> => {
    const call = { key, context, ...deferred<V | undefined>() }
    this.calls.push(call)
    return call.promise as Promise<V>
  }

  /** The latest call. */
  get last(): Call<V> {
    return this.calls.at(-1)!
  }

  /** The latest call brings a value. */
  async bring(value: V | undefined): Promise<void> {
    this.last.resolve(value)
    await ticks()
  }

  /** The latest call fails. */
  async fail(error: unknown): Promise<void> {
    this.last.reject(error)
    await ticks()
  }
}

/** What has become of a promise so far. */
export interface Outcome {
  state: 'waiting' | 'given' | 'failed'
  value?: unknown
}

/** Follows a promise, so that a test can say that it is still waiting. */
export function follow(promise: Promise<unknown>): Outcome {
  const outcome: Outcome = { state: 'waiting' }
  promise.then(
    (value) => Object.assign(outcome, { state: 'given', value }),
    (value) => Object.assign(outcome, { state: 'failed', value }),
  )
  return outcome
}

export const given = (value: unknown): Outcome => ({ state: 'given', value })
export const failed = (value: unknown): Outcome => ({ state: 'failed', value })
export const waiting: Outcome = { state: 'waiting' }
