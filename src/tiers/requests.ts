import { CacheError } from '../errors.ts'
import type { Host } from './host.ts'

/** When reads and fills stop asking a store that fails. */
export interface BreakerSettings {
  readonly failures: number
  readonly pause: number
}

/** The longest pause, in milliseconds. */
const LONGEST_PAUSE = 30_000

/**
 * Requests to the second tier, each with a time limit of its own, and a breaker: after some failures in a row reads and fills are not
 * sent for a while. What a client does with a request after its time is harmless by the protocol.
 */
export class Requests {
  openings = 0
  #failures = 0
  #pause: number
  #openUntil = -Infinity
  readonly #settings: BreakerSettings
  readonly #host: Host
  readonly #now: () => number
  readonly #onAway: (failures: number, last: unknown) => void

  constructor(
    settings: BreakerSettings,
    host: Host,
    now: () => number,
    onAway: (failures: number, last: unknown) => void,
  ) {
    this.#settings = settings
    this.#host = host
    this.#now = now
    this.#onAway = onAway
    this.#pause = settings.pause
  }

  /** Whether the store has failed so often that nothing is read or filled now. After the pause one request is let through. */
  get isOpen(): boolean {
    return this.#failures >= this.#settings.failures && this.#now() < this.#openUntil
  }

  /** Whether the store has failed so often that it counts as away. */
  get isAway(): boolean {
    return this.#failures >= this.#settings.failures
  }

  /** The answer, or undefined where none came within the limit. */
  ask<T>(request: () => Promise<T>, limit: number): Promise<T | undefined> {
    if (this.isAway) this.#openUntil = Math.max(this.#openUntil, this.#now() + this.#pause)
    return new Promise((resolve) => {
      let isOver = false
      const end = (reply: T | undefined, error: unknown): void => {
        if (isOver) return
        isOver = true
        cancel()
        if (reply === undefined) this.#failed(error)
        else this.#failures = 0
        resolve(reply)
      }
      const cancel = this.#host.after(
        limit,
        () => end(undefined, new CacheError('TIMEOUT', `no answer within ${limit} ms`)),
        true,
      )
      start(request).then(
        (reply) => end(reply, undefined),
        (error) => end(undefined, error),
      )
    })
  }

  #failed(error: unknown): void {
    const { failures, pause } = this.#settings
    if (this.#failures === 0) this.#pause = pause
    this.#failures++
    if (this.#failures < failures) return
    const isFirst = this.#failures === failures
    if (!isFirst) this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE)
    this.#openUntil = this.#now() + this.#pause * (0.5 + this.#host.random() / 2)
    if (!isFirst) return
    this.openings++
    this.#onAway(failures, error)
  }
}

/** A request that throws at once fails as one that rejects. */
async function start<T>(request: () => Promise<T>): Promise<T> {
  return request()
}
