import { AsyncLocalStorage } from 'node:async_hooks'
import { isThenable } from '../engine/removal.ts'
import type { Signal } from '../options/options.ts'
import type { Held } from './held.ts'

/**
 * The life of a request or a job: scoped caches remember until it ends. Code runs in it through `run`, and what that code starts
 * (promises, timers, callbacks) runs in it too. A scope opened inside another is its own: it sees nothing of the outer one.
 */
export interface Scope {
  /** Whether `end` was called. Scoped caches then behave as outside of any scope. */
  readonly hasEnded: boolean
  /** Runs a function in this scope and returns what it returns. */
  run<T>(fn: () => T): T
  /** Forgets all that was remembered. Loads under way go on, told by their `signal`; their results are not kept. A second call does nothing. */
  end(): void
}

/** A scope as scoped caches see it. */
export interface OpenScope extends Scope {
  /** What each scoped cache remembers here. */
  readonly held: Map<object, Held>
  /** Fires at the end. */
  readonly signal: Signal
}

// One for the process, so that copies of this package and reloaded modules meet. The number is that of the form of a scope.
const key = Symbol.for('nearcache.scope.1')
const shared = globalThis as { [key]?: AsyncLocalStorage<OpenScope> }
shared[key] ??= new AsyncLocalStorage()
const storage: AsyncLocalStorage<OpenScope> = shared[key]

class RequestScope implements OpenScope {
  readonly held: Map<object, Held> = new Map()
  hasEnded = false
  #abort: AbortController | undefined

  get signal(): Signal {
    this.#abort ??= new AbortController()
    if (this.hasEnded) this.#abort.abort()
    return this.#abort.signal
  }

  run<T>(fn: () => T): T {
    return storage.run(this, fn)
  }

  end(): void {
    if (this.hasEnded) return
    this.hasEnded = true
    // Connections and timers that were opened in a scope go on knowing it, so it must not know anything.
    for (const held of this.held.values()) held.clear()
    this.held.clear()
    this.#abort?.abort()
  }
}

/** The scope that the caller runs in, unless it has ended. */
export function currentScope(): OpenScope | undefined {
  const scope = storage.getStore()
  return scope === undefined || scope.hasEnded ? undefined : scope
}

/** Opens a scope whose end is not that of a function. For middleware; everywhere else `withScope` ends it by itself. */
export function openScope(): Scope {
  return new RequestScope()
}

/** Runs a function in a scope of its own, which ends when it has returned, or when the promise that it returned has settled. */
export function withScope<T>(fn: () => T): T {
  const scope = openScope()
  const end = (): void => scope.end()
  let isLater = false
  try {
    return scope.run(() => {
      const result = fn()
      isLater = isThenable(result)
      return isLater ? (Promise.resolve(result).finally(end) as T) : result
    })
  } finally {
    if (!isLater) end()
  }
}

/** A function like `handler` whose every call has a scope of its own: for handlers of jobs and messages. */
export function inScope<This, Args extends unknown[], R>(
  handler: (this: This, ...args: Args) => R,
): (this: This, ...args: Args) => R {
  return function (...args) {
    return withScope(() => handler.apply(this, args))
  }
}
