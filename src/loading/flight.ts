import { Flights } from '../core/fence.ts'
import type { Space } from '../core/space.ts'
import { type LoadMessage, tracedCall, traceEnd, traceLoad } from '../engine/channels.ts'
import { NegativeResult } from '../engine/negative.ts'
import type { LoadOutcome } from '../engine/stats.ts'
import type { Store } from '../engine/store.ts'
import { CacheError, describe } from '../errors.ts'
import { checkTags, type Signal } from '../options/options.ts'
import type { ResolvedLoad } from '../options/resolved.ts'
import { type Duration, milliseconds } from '../options/units.ts'
import { whenAborted } from './abort.ts'
import { heldValue, rest } from './kept.ts'
import { type Wait, Work } from './waits.ts'

/** What a loader gets besides its key, and by which it can say how its result is kept. */
export interface LoadContext<K = unknown, V = unknown> {
  readonly key: K
  /** Fires when nobody waits for the result any more, or at the hard timeout. */
  readonly signal: Signal
  /** The value that is past its ttl or about to be, if one is kept: for a conditional request, say. */
  readonly stale: V | undefined
  /** Set it to give the result a lifetime of its own. */
  ttl: Duration | undefined
  /** Set it to give the result tags of its own. */
  tags: readonly string[] | undefined
  /** Set it to false to have the result returned to those who wait and not stored. */
  keep: boolean
}

/** A loader as it was given, whatever its keys and values are. */
export type AnyLoader = (key: never, context: LoadContext<never, never>) => unknown

/** A loader of values `V` that returns `R`: a value, `undefined`, or a Promise of one. */
export type Loader<K, V, R> = (key: K, context: LoadContext<K, V>) => R

/**
 * What a loader returns that returns a Promise. The compiler infers the type of a loader once, by the first overload that it tries: the
 * second part of the union is what has it keep a literal (`() => 'open'`) for the overloads that follow.
 */
export type Promised<V> = PromiseLike<V> | (V & PromiseLike<V>)

/** The keys of a cache that says of which type its values are; never for other caches. */
export type Typed<K, V> = unknown extends V ? never : K

/** The keys of a cache that says nothing of its values, so that they are typed by their loader; never for other caches. */
export type Untyped<K, V> = unknown extends V ? K : never

/** Where loads store what they bring, and what holds for it. */
export interface LoadPlace {
  readonly store: Store
  readonly space: Space
  readonly resolved: ResolvedLoad
}

/** One load of one key, as it was asked for. */
export interface LoadRequest extends LoadPlace {
  readonly key: unknown
  readonly loader: AnyLoader
  /** It is not to be given what was found out before it. */
  readonly isForced: boolean
  /** What the call waits for, where a loader made it. */
  readonly wait: Wait | undefined
  /** Its loader is that of a batch, which is published as one load. */
  readonly isBatched: boolean
}

/**
 * One load under way, shared by all who ask for its key meanwhile. It lands once: with a value, a failure, or at its hard timeout,
 * after which a value that comes late is still stored if nothing has overtaken it (see core/fence.ts).
 */
export class Flight {
  /** The deletions of a tag of the result meanwhile, by number: who came after one of them must not be given the result. */
  tagDeletions: readonly number[] = []
  /** It timed out, or all who waited have left. */
  #isGivenUp = false
  readonly #request: Omit<LoadRequest, 'wait'>
  readonly #work: Work
  readonly #flights: Flights<object>
  /** Made when the loader first asks for its signal. */
  #abort: AbortController | undefined
  /** Why the load was given up, once it is. */
  #abortReason: unknown
  /** Number of tags that had been deleted when it began. */
  readonly deletionsBefore: number
  readonly #start: number
  readonly #timer: ReturnType<typeof setTimeout> | undefined
  readonly #promise: Promise<unknown>
  #resolve!: (value: unknown) => void
  #reject!: (error: unknown) => void
  #waiting = 0
  /** Those of them who would get an error. */
  #exposed = 0
  /** Of the others, until when each has another value to go by. */
  #standIns: number[] | undefined
  /** Goes on with nobody waiting, because a stale value is to be refreshed. */
  #isRefresh: boolean
  /** It began while another value could be given. */
  readonly #beganAsRefresh: boolean
  #outcome: LoadOutcome = 'discarded'
  #error: unknown
  /** What is published of it; undefined where nobody listens. */
  readonly #message: LoadMessage | undefined
  #hasEnded = false

  constructor(request: LoadRequest, isRefresh: boolean) {
    const { store, space, key, resolved } = request
    this.#request = request
    this.#work = new Work(request)
    this.#start = store.clock.read()
    const stale = store.copyOut(heldValue(store, space, key))
    this.#isRefresh = isRefresh
    this.#beganAsRefresh = isRefresh
    this.#promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Who waits sees the error; `#fail` reports it where nobody does.
    this.#promise.catch(() => {})
    space.flights ??= new Flights()
    this.#flights = space.flights
    this.#flights.list(key, this)
    this.deletionsBefore = store.tagFence.begin()
    this.#message = request.isBatched
      ? undefined
      : traceLoad(store.label, key, isRefresh ? 'refresh' : 'miss', 1)
    space.counters.count('loads')
    if (isRefresh) space.counters.count('refreshes')
    if (resolved.hardTimeout !== Infinity)
      this.#timer = setTimeout(() => this.#timeOut(), Math.min(resolved.hardTimeout, LONGEST_TIMER))
    // The process need not wait for a refresh that nobody waits for.
    if (isRefresh) (this.#timer as { unref?: () => void } | undefined)?.unref?.()
    this.#fly(stale).catch((error) => store.faults.report('loader', error, key))
  }

  /** Whether one who asks now may be given the result. Who forces a load joins none that began for others. */
  canBeJoined(isForced: boolean): boolean {
    if (isForced && !this.#request.isForced) return false
    return !this.#isGivenUp && this.#mayStore(this.#request.resolved.tags)
  }

  /**
   * The result, for one who waits until `signal` fires or for `limit` milliseconds; past the limit it rejects with `tooLate`.
   * Who has another value to go by, before `standsUntil`, does not let the error be seen. `wait` is the caller's, if a loader is.
   */
  wait(
    signal: Signal | undefined,
    limit: number,
    standsUntil: number,
    wait: Wait | undefined,
  ): Promise<unknown> {
    this.#waiting++
    if (standsUntil === 0) this.#exposed++
    else {
      this.#standIns ??= []
      this.#standIns.push(standsUntil)
    }
    ;(this.#timer as { ref?: () => void } | undefined)?.ref?.()
    if (signal === undefined && limit === Infinity && wait === undefined) return this.#promise
    return new Promise((resolve, reject) => {
      const leave = (error: unknown): void => {
        release()
        this.#waiting--
        if (standsUntil === 0) this.#exposed--
        else this.#standIns!.splice(this.#standIns!.indexOf(standsUntil), 1)
        reject(error)
      }
      const endWait = (reason: unknown): void => {
        leave(reason)
        if (this.#waiting === 0 && !this.#isRefresh) this.#giveUp(reason)
      }
      const onLimit = (): void => {
        this.#isRefresh = true
        leave(tooLate)
      }
      const timer = limit === Infinity ? undefined : setTimeout(onLimit, Math.min(limit, LONGEST_TIMER))
      const release = (): void => {
        clearTimeout(timer)
        ignoreAbort?.()
        wait?.end(this.#work)
      }
      const ignoreAbort = signal && whenAborted(signal, () => endWait(signal.reason))
      this.#promise.finally(release).then(resolve, reject)
      wait?.begin(this.#work, endWait)
    })
  }

  /** Somebody asks for the key while the load is under way. */
  join(): void {
    this.#request.space.counters.count('joins')
    if (this.#message !== undefined) this.#message.joins++
  }

  #call(loader: AnyLoader, context: LoadContext): unknown {
    const call = (): unknown => loader(this.#request.key as never, context as never)
    return this.#message === undefined ? call() : tracedCall(this.#message, call)
  }

  async #fly(stale: unknown): Promise<void> {
    const { store, space, key, loader } = this.#request
    const signal = (): Signal => this.#signal()
    const context: LoadContext<unknown, unknown> = {
      key,
      stale,
      ttl: undefined,
      tags: undefined,
      keep: true,
      get signal() {
        return signal()
      },
    }
    try {
      // A loader that throws at once fails as one that rejects: for all who ask in this turn.
      const value = await new Promise((resolve) => resolve(this.#work.run(() => this.#call(loader, context))))
      // The loader may have held this turn of the event loop for long: what it brought lives from now on.
      store.clock.read()
      this.#resolve(this.#arrive(value, context))
      store.loader.succeeded()
    } catch (error) {
      this.#fail(error, 'failure')
    } finally {
      this.#work.end()
      this.#end()
      this.#flights.unlist(key, this)
      if (this.#flights.isIdle && space.flights === this.#flights) space.flights = undefined
      store.notify()
    }
  }

  /** Stores the result unless it was overtaken; the value as those who wait get it. */
  #arrive(value: unknown, context: LoadContext): unknown {
    const { store, space, key, resolved } = this.#request
    if (value === undefined) {
      const tags = context.tags === undefined ? resolved.tags : checkTags(context.tags)
      if (!this.#mayStore(tags)) return undefined
      this.#outcome = 'success'
      if (resolved.negativeTtl > 0)
        store.setNegative(space, key, new NegativeResult('absent', undefined), resolved.negativeTtl, tags)
      else store.discard(space, key)
      return undefined
    }
    const kept = store.copyIn(value)
    const own = resolveResult(store, resolved, key, kept, context)
    const { tags } = own
    const weight = store.weigh(kept, key)
    if (this.#mayStore(tags)) {
      this.#outcome = 'success'
      if (context.keep) store.commit(space, key, kept, weight, own)
    }
    return kept
  }

  #mayStore(tags: readonly string[] | undefined): boolean {
    const { store, space, key } = this.#request
    if (tags !== undefined)
      this.tagDeletions = store.tagFence.deletionsSince(this.deletionsBefore, space, tags)
    if (store.slots.isBehind) store.catchUp(space)
    return this.tagDeletions.length === 0 && space.flights === this.#flights && this.#flights.at(key) === this
  }

  #fail(error: unknown, outcome: 'failure' | 'timeout'): void {
    const { store, space, key, resolved } = this.#request
    if (this.#isGivenUp) return
    this.#reject(error)
    this.#outcome = outcome
    this.#error = error
    store.loader.failed(error, store.counters)
    const mayStore = this.#mayStore(resolved.tags)
    const hasStale = mayStore && rest(store, space, key, resolved.errorBackoff)
    if (mayStore && !hasStale && resolved.errorTtl > 0) {
      store.setNegative(space, key, new NegativeResult('failed', error), resolved.errorTtl, resolved.tags)
    }
    const now = store.clock.now()
    const isSeen = this.#exposed > 0 || this.#standIns?.some((until) => until <= now)
    if (!isSeen) store.faults.report(outcome === 'timeout' ? 'timeout' : 'loader', error, key)
  }

  #timeOut(): void {
    const { store, resolved } = this.#request
    const error = new CacheError(
      'TIMEOUT',
      `a load of ${describe(store.label)} took longer than ${resolved.hardTimeout} ms`,
    )
    this.#fail(error, 'timeout')
    this.#giveUp(error)
    store.notify()
  }

  #giveUp(reason: unknown): void {
    this.#isGivenUp = true
    this.#flights.giveUp(this.#request.key, this)
    this.#end()
    this.#abortReason = reason
    this.#abort?.abort(reason)
  }

  #signal(): Signal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.#isGivenUp) this.#abort.abort(this.#abortReason)
    }
    return this.#abort.signal
  }

  /** The load is over as far as counters and tags are concerned; only the first call counts. */
  #end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    clearTimeout(this.#timer)
    const { store, space } = this.#request
    space.counters.addLoad(this.#outcome, store.clock.read() - this.#start, this.#beganAsRefresh)
    store.tagFence.end()
    if (this.#message !== undefined) traceEnd(this.#message, this.#outcome, this.#error)
  }
}

/** The resolved options of a load once its result is known, which may tell ttl and tags, if the loader has not. */
export function resolveResult(
  store: Store,
  resolved: ResolvedLoad,
  key: unknown,
  kept: unknown,
  told: { readonly ttl?: unknown; readonly tags?: unknown } = {},
): ResolvedLoad {
  const { ttl = resolved.ttlOf?.(store.copyOut(kept) as never, key as never) } = told
  const { tags = resolved.tagsOf?.(store.copyOut(kept) as never, key as never) } = told
  if (ttl === undefined && tags === undefined) return resolved
  const ownTags = tags === undefined ? resolved.tags : checkTags(tags)
  return {
    ...resolved,
    ttl: ttl === undefined ? resolved.ttl : milliseconds(ttl, 'ttl'),
    tags: ownTags,
    hasExtras: resolved.hasExtras || ownTags !== undefined,
  }
}

/** Reason that a wait rejects with whose limit has passed. */
export const tooLate: unique symbol = Symbol('too late')

/** Timers of a runtime reach no further than this, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1
