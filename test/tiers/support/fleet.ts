import { encodePush } from '../../../src/tiers/message.ts'
import type { Push, Tier, TierStore } from '../../../src/tiers/tier.ts'
import { simulatedCache, type TieredCache } from '../../../src/tiers/tiered-cache.ts'
import type { TieredOptions } from '../../../src/tiers/tiered-options.ts'
import { Model } from '../world/model.ts'

interface Timer {
  readonly at: number
  readonly run: () => void
}

/** Processes with a cache each, over a model of the server that answers at once, or not at all. Time is moved by hand. */
export class Fleet {
  now = 1000
  /** What the server's clock is wrong by, in milliseconds. */
  skew = 0
  /** What the server does with a request. */
  server: 'answers' | 'refuses' | 'is silent' | 'executes silently' = 'answers'
  /** Whether pushes arrive. */
  pushes = true
  readonly errors: unknown[] = []
  readonly requests: string[] = []
  readonly listeners: ((bytes: Uint8Array) => void)[] = []
  #nonce = 0
  #timers: Timer[] = []
  model: Model
  readonly world = {
    micros: (): number => (1e9 + this.now + this.skew) * 1000,
    nonce: (): number => ++this.#nonce,
    appended: (entry: Parameters<typeof encodePush>[0] | object, epoch: string): void => {
      const bytes = encodePush({ ...(entry as Parameters<typeof encodePush>[0]), epoch })
      if (this.pushes) for (const listener of this.listeners) listener(bytes)
    },
  }

  constructor() {
    this.model = this.empty()
  }

  /** A server with nothing in it. */
  empty(): Model {
    return new Model({ log: 100, keys: 100, tags: 100 }, this.world)
  }

  /** A process that has reached the server. */
  async process<K = string, V = unknown>(
    options: Partial<TieredOptions<K, V>> = {},
  ): Promise<TieredCache<K, V>> {
    const cache = this.start<K, V>(options)
    await this.settle()
    return cache
  }

  start<K = string, V = unknown>(options: Partial<TieredOptions<K, V>> = {}): TieredCache<K, V> {
    return simulatedCache<K, V>(
      {
        name: 'users',
        remote: this.store,
        clock: () => this.now,
        onError: (error) => void this.errors.push(error),
        ...options,
      },
      {
        ring: { time: 30_000, most: 1000, slack: 1000 },
        host: {
          after: (time, run) => {
            const timer = { at: this.now + time, run }
            this.#timers.push(timer)
            return () => {
              this.#timers = this.#timers.filter((one) => one !== timer)
            }
          },
          random: () => 0.5,
          source: () => this.world.nonce().toString(16).padStart(12, '0'),
        },
      },
    )
  }

  readonly push: Push = {
    listen: async (onBytes) => {
      this.listeners.push(onBytes)
      return () => void this.listeners.splice(this.listeners.indexOf(onBytes), 1)
    },
  }

  get store(): TierStore {
    const answer = <T>(name: string, run: () => T): Promise<T> => {
      this.requests.push(name)
      if (this.server === 'refuses') return Promise.reject(new Error('the connection was refused'))
      if (this.server === 'is silent') return new Promise(() => {})
      const result = run()
      return this.server === 'answers' ? Promise.resolve(result) : new Promise(() => {})
    }
    const tier: Tier = {
      read: (keys, seen) => answer(`read ${keys.length}`, () => this.model.read(keys, seen)),
      fill: (fill) => answer('fill', () => this.model.fill(fill)),
      write: (write) => answer(write.mode, () => this.model.write(write)),
      pull: (seen) => answer('pull', () => this.model.pull(seen)),
      anchor: (ids) => answer('anchor', () => this.model.anchor(ids)),
      push: this.push,
    }
    return { open: () => tier }
  }

  /** All that is under way goes on as far as it can without time passing. */
  async settle(): Promise<void> {
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
  }

  /** Lets time pass, with all that is due in it. */
  async pass(time: number): Promise<void> {
    const end = this.now + time
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((one) => one !== next)
      this.now = Math.max(this.now, next.at)
      next.run()
      await this.settle()
    }
    this.now = end
    await this.settle()
  }
}
