import { CacheError, describe } from '../errors.ts'

/*
 * Which load waits for which, so that loads which wait for each other fail instead of hanging for ever.
 *
 *     loader of 'a'  ── await getOrLoad('b') ──►  loader of 'b'  ── await getOrLoad('a') ──╳  LOAD_CYCLE: 'a' → 'b' → 'a'
 *
 * A `Work` is one call of a loader, a `Wait` what it asks a cache for. A wait counts from when its result is asked for, by `await` or
 * `then`: a loader may begin loads that it does not wait for. When a wait closes a circle, all waits of the circle are refused.
 *
 * The work that a call comes from is known until the loader's first `await`; beyond it only where the runtime carries a context
 * through promises in any case, so that asking for it makes nothing slower.
 */

/** One call of a loader. */
export class Work {
  /** What it loads, as messages name it; none for a call for many keys. */
  #loaded: { readonly key: unknown } | undefined
  /** The call whose result this one's comes from. */
  source: Work | undefined
  /** What it waits for. */
  waits: Set<Wait> | undefined = undefined
  /** Number of other works that wait for this one. */
  waiters = 0
  hasEnded = false

  constructor(loaded?: { readonly key: unknown }) {
    this.#loaded = loaded
  }

  get label(): string | undefined {
    return this.#loaded && describe(this.#loaded.key)
  }

  /** Calls a function as this work's. */
  run<T>(fn: () => T): T {
    if (contexts !== undefined) return contexts.run(this, fn)
    const outer = shared.current
    shared.current = this
    try {
      return fn()
    } finally {
      shared.current = outer
    }
  }

  /** The result comes from that of another call, for as long as both go on. */
  comesFrom(source: Work): void {
    this.source = source
    source.waiters++
  }

  /** What the loader has begun, a connection for instance, may know this work for ever: nothing is kept by it. */
  end(): void {
    this.hasEnded = true
    for (const wait of this.waits ?? []) wait.endAll()
    if (this.source !== undefined) this.source.waiters--
    this.source = undefined
    this.#loaded = undefined
  }
}

/** What one call, made by a work, is waiting for. */
export class Wait {
  readonly #by: Work
  /** The works whose results it needs, and how it is told that it cannot have one. */
  readonly #refusals: Map<Work, (error: CacheError) => void> = new Map()
  /** Its result was asked for. */
  hasCounted = false

  constructor(by: Work) {
    this.#by = by
    by.waits ??= new Set()
    by.waits.add(this)
  }

  get works(): Iterable<Work> {
    return this.#refusals.keys()
  }

  begin(work: Work, refuse: (error: CacheError) => void): void {
    if (this.#by.hasEnded) return
    this.#refusals.set(work, refuse)
    if (this.hasCounted) this.#count(work)
  }

  end(work: Work): void {
    if (this.#refusals.delete(work) && this.hasCounted) work.waiters--
  }

  endAll(): void {
    for (const work of this.#refusals.keys()) this.end(work)
    this.#by.waits?.delete(this)
  }

  /** The result is asked for. */
  count(): void {
    if (this.hasCounted) return
    this.hasCounted = true
    for (const work of [...this.#refusals.keys()]) this.#count(work)
  }

  refuse(work: Work, error: CacheError): void {
    const refuse = this.#refusals.get(work)
    this.end(work)
    refuse?.(error)
  }

  #count(work: Work): void {
    work.waiters++
    // A circle leads back to the work that waits here.
    const way = this.#by.waiters === 0 ? undefined : wayFrom(work, this.#by)
    if (way === undefined) return
    const circle = [this.#by, ...way]
    const error = cycle(circle)
    for (const [i, by] of circle.slice(0, -1).entries())
      for (const wait of [...(by.waits ?? [])]) if (wait.hasCounted) wait.refuse(circle[i + 1]!, error)
  }
}

/** Number of keys of a circle that a message names at most. */
const FEW = 10

/** What is told of a circle of works, which begins and ends with the same: its keys, each once where neighbours load the same. */
function cycle(circle: readonly Work[]): CacheError {
  const labels = circle.map(({ label }) => label).filter((label) => label !== undefined)
  const keys = labels.filter((label, i) => label !== labels[i - 1])
  const [first] = keys
  if (keys.length === 1 || keys.at(-1) !== first) keys.push(first!)
  if (keys.length > FEW) keys.splice(FEW / 2, keys.length - FEW, '…')
  return new CacheError('LOAD_CYCLE', `the load of ${first} waits for itself: ${keys.join(' → ')}`)
}

/** The works from one to another, both included, each waiting for the next. */
function wayFrom(from: Work, to: Work): Work[] | undefined {
  const cameFrom = new Map<Work, Work | undefined>([[from, undefined]])
  for (const work of cameFrom.keys()) {
    if (work === to) {
      const way: Work[] = []
      for (let step: Work | undefined = to; step !== undefined; step = cameFrom.get(step)) way.unshift(step)
      return way
    }
    for (const next of waitedFor(work)) if (!cameFrom.has(next)) cameFrom.set(next, work)
  }
  return undefined
}

function* waitedFor({ source, waits }: Work): Generator<Work> {
  if (source !== undefined) yield source
  for (const { hasCounted, works } of waits ?? []) if (hasCounted) yield* works
}

/** A promise that notes when its result is asked for. */
class Noted<T> extends Promise<T> {
  wait: Wait | undefined

  // biome-ignore lint/suspicious/noThenProperty: it is a promise.
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const next = super.then(onFulfilled, onRejected) as Noted<A | B>
    // One who only looks after the error of a load begun ahead of need does not wait for it.
    if (typeof onFulfilled === 'function') this.wait?.count()
    else next.wait = this.wait
    return next
  }
}

/** What a call gives, watched where a loader makes it: the call is told by which wait its loads are waited for. */
export function watched<T>(call: (wait: Wait | undefined) => Promise<T>): Promise<T> {
  const by = currentWork()
  if (by === undefined) return call(undefined)
  const wait = new Wait(by)
  const noted = new Noted<T>((resolve, reject) => {
    call(wait)
      .finally(() => wait.endAll())
      .then(resolve, reject)
  })
  noted.wait = wait
  return noted
}

/** The result of a work for one who joins it; `wait` is the caller's, if a loader is. */
export function joined<T>(work: Work, result: Promise<T>, wait: Wait | undefined): Promise<T> {
  if (wait === undefined) return result
  return new Promise((resolve, reject) => {
    result.then(resolve, reject)
    wait.begin(work, reject)
  })
}

/** The call of a loader that the caller's code belongs to, as far as that can be told, unless it has ended. */
export function currentWork(): Work | undefined {
  const work = contexts === undefined ? shared.current : contexts.getStore()
  return work?.hasEnded ? undefined : work
}

/** An AsyncLocalStorage, as far as it is used here. */
interface Contexts {
  run<T>(work: Work, fn: () => T): T
  getStore(): Work | undefined
}

// One for the process, so that copies of this package meet. The number is that of the form of a work.
const key = Symbol.for('nearcache.loads.1')
type Shared = { current: Work | undefined; readonly contexts: Contexts | undefined }
const global = globalThis as { [key]?: Shared }
global[key] ??= { current: undefined, contexts: openContexts() }
const shared: Shared = global[key]
const { contexts } = shared

/**
 * Undefined where contexts are carried by hooks that make every promise of the process slower, as in Node before 24. There an
 * AsyncLocalStorage has properties of its own; where it is built on the engine's contexts it has none.
 */
function openContexts(): Contexts | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } }
  const hooks = process?.getBuiltinModule?.('node:async_hooks') as
    | { AsyncLocalStorage: new () => Contexts }
    | undefined
  const opened = hooks && new hooks.AsyncLocalStorage()
  return opened !== undefined && Reflect.ownKeys(opened).length === 0 ? opened : undefined
}
