import { isRecord, unknownOption } from '../options/options.ts'
import { refusal } from '../options/units.ts'

export type CommandArgument = string | Uint8Array

/** What the tier needs of any client: commands whose bulk replies are bytes, and a way to hear a channel. */
export interface RedisConnection {
  /** Sends one command. Bulk strings come back as bytes (a Buffer or Uint8Array), numbers as numbers, nil as null. */
  command(args: readonly CommandArgument[]): Promise<unknown>
  /** Calls back with each message of a channel; resolves, once subscribed, to what ends it. Left out: only pulls, no pushes. */
  subscribe?(channel: string, onMessage: (message: Uint8Array) => void): Promise<() => unknown>
}

/** How much the tier keeps in Redis, and what tells it of news. */
export interface RedisTierOptions {
  /**
   * The client that hears the channel, which can send nothing else then. Default: a duplicate of the client. `false`: none; then all
   * that others invalidate arrives by a pull, at most a beat later.
   */
  readonly subscriber?: object | false | undefined
  /** How many invalidations the log keeps at least; Redis keeps up to a hundred more. A process that missed more distrusts all it holds. Default 10,000. */
  readonly log?: number | undefined
  /** How many invalidated keys are told apart; loads that began before the oldest are not stored. Default 10,000. */
  readonly keyFences?: number | undefined
  /** How many deleted tags are told apart; tagged entries older than the oldest are misses. Default 10,000. */
  readonly tagFences?: number | undefined
}

const BOUNDS = ['log', 'keyFences', 'tagFences'] as const

/** The options with their defaults. Throws a TypeError or RangeError. */
export function resolveRedisOptions(options: RedisTierOptions): {
  readonly subscriber: object | false | undefined
  readonly log: number
  readonly keyFences: number
  readonly tagFences: number
} {
  if (!isRecord(options)) throw refusal('options', 'an object such as { log: 10_000 }', options)
  const known = ['subscriber', ...BOUNDS]
  for (const name of Object.keys(options)) if (!known.includes(name)) throw unknownOption(name, name, known)
  const { subscriber } = options
  if (subscriber !== undefined && subscriber !== false && !isRecord(subscriber))
    throw refusal('subscriber', 'a client, or false for none', subscriber)
  const [log, keyFences, tagFences] = BOUNDS.map((name) => {
    const value: unknown = options[name] ?? 10_000
    if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number
    throw refusal(name, 'an integer of at least 1', value)
  }) as [number, number, number]
  return { subscriber, log, keyFences, tagFences }
}
