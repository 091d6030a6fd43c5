import {
  type CacheOptions,
  isRecord,
  LOAD_SETTINGS,
  positiveInteger,
  resolveOptions,
  type Settings,
  unknownOption,
} from '../options/options.ts'
import { type Bytes, bytes, type Duration, milliseconds, refusal } from '../options/units.ts'
import { checkSerializer, defaultSerializer, type Serializer } from '../serialize.ts'
import { type Compression, type CompressionMethod, isAvailable } from './codec.ts'
import type { BreakerSettings } from './requests.ts'
import type { Bus, PlainTier, Push, TierStore } from './tier.ts'

/** The settings of a tiered cache: those of the local part, and what concerns the second tier. */
export interface TieredOptions<K = unknown, V = unknown>
  extends Omit<CacheOptions<K, V>, 'name' | 'keyPrefix' | 'version' | 'kind'> {
  /** The same in all processes, and part of every key in the second tier: 1 to 64 of the characters A–Z, a–z, 0–9, `.`, `_` and `-`. */
  readonly name: string
  /** The second tier: `redisTier(client)`; a bus, or a store without a log, each with its weaker promise. */
  readonly remote: TierStore | Bus | PlainTier
  /** How long a value lives in this process at most. Default: its `ttl`. */
  readonly nearTtl?: Duration | undefined
  /** How long what is held here is served while the second tier cannot be asked what has changed. Default `'10s'`. */
  readonly maxStale?: Duration | undefined
  /** How often the second tier is asked what has changed, whether or not it tells by itself. Default `'1s'`, at most a third of `maxStale`. */
  readonly beat?: Duration | undefined
  /** How long a read of the second tier, or the storing of a load, may take. Default 250 ms. */
  readonly readTimeout?: Duration | undefined
  /** How long an invalidation may take before it counts as not acknowledged; it stays queued. Default `'1s'`. */
  readonly writeTimeout?: Duration | undefined
  /** How long `close` waits for invalidations that are not acknowledged. Default `'2s'`. */
  readonly closeTimeout?: Duration | undefined
  /** After how many failures in a row nothing is read or filled, and for how long at first. Default 5 and `'1s'`, doubling to 30 s. */
  readonly breaker?:
    | { readonly failures?: number | undefined; readonly pause?: Duration | undefined }
    | undefined
  /** How many keys and tags wait to be sent at most; above, one `clear` is sent instead. Default 10,000. */
  readonly maxQueued?: number | undefined
  /** How values become bytes. Default: JSON, and a form of it that keeps Date, Map, Set, bigint, undefined, cycles and the like. */
  readonly serializer?: Serializer | undefined
  /** Compresses values of at least this many bytes, by gzip unless another method is named. Default: none is. */
  readonly compress?: { readonly over: Bytes; readonly method?: CompressionMethod | undefined } | undefined
  /** A value of more bytes stays in this process. Default 1 MiB. */
  readonly maxValueBytes?: Bytes | undefined
  /** The text of a key that is no string, number, bigint, boolean, null or array of these: the same for the same key, in all processes. */
  readonly encodeKey?: ((key: K) => string) | undefined
  /**
   * One load among all processes: who misses a key takes a lease on it of this length, and others wait for its result, `wait` at most,
   * before they load themselves. It saves loads; nothing relies on it. Default: none.
   */
  readonly singleFlight?: { readonly lease: Duration; readonly wait: Duration } | undefined
  /** What tells of news at once. Default: what the second tier offers. `false`: nothing; then news takes a beat. */
  readonly push?: Push | false | undefined
}

/** The settings of the protocol, in milliseconds and bytes. */
export interface TieredSettings {
  readonly name: string
  readonly nearTtl: number
  readonly maxStale: number
  readonly beat: number
  readonly readTimeout: number
  readonly writeTimeout: number
  readonly closeTimeout: number
  readonly breaker: BreakerSettings
  readonly maxQueued: number
  /** The number of the form in which values are bytes. */
  readonly serializer: number
  readonly compress: Compression | undefined
  readonly maxValueBytes: number
  readonly singleFlight: { readonly lease: number; readonly wait: number } | undefined
}

/** The options of the protocol; all others are those of the local part. */
const OWN = [
  'name',
  'remote',
  'nearTtl',
  'maxStale',
  'beat',
  'readTimeout',
  'writeTimeout',
  'closeTimeout',
  'breaker',
  'maxQueued',
  'serializer',
  'compress',
  'maxValueBytes',
  'encodeKey',
  'singleFlight',
  'push',
] as const satisfies (keyof TieredOptions)[]
const LOCAL = [
  'maxEntries',
  'maxWeight',
  'weigh',
  'maxBytes',
  'maxEntryWeight',
  'ttl',
  'ttlJitter',
  'idleTtl',
  'policy',
  'protect',
  'onRemoval',
  'onError',
  'guard',
  'clock',
  ...LOAD_SETTINGS,
] as const satisfies (keyof TieredOptions)[]

/** The options of a tiered cache, checked, in two parts. */
export interface Resolved {
  /** Those of the protocol. */
  readonly settings: TieredSettings
  /** Those of the local part. */
  readonly local: Settings
}

/** Checks options; `where` is what a message says before an option. Throws a TypeError or RangeError. */
export function resolveTieredOptions(options: TieredOptions, where = ''): Resolved {
  const at = (option: string): string => (where === '' ? option : `${where}.${option}`)
  if (!isRecord(options)) throw refusal(where || 'options', 'an object of settings', options)
  const known: readonly string[] = [...OWN, ...LOCAL]
  for (const name of Object.keys(options))
    if (!known.includes(name)) throw unknownOption(at(name), name, known)
  const { name, remote, serializer, encodeKey, push, nearTtl } = options
  if (typeof name !== 'string' || !/^[\w.-]{1,64}$/.test(name))
    throw refusal(at('name'), '1 to 64 of the characters A–Z, a–z, 0–9, ".", "_" and "-"', name)
  if (!isRecord(remote) || (typeof remote.open !== 'function' && !isBus(remote) && !isPlain(remote)))
    throw refusal(
      at('remote'),
      'a second tier such as redisTier(client), a bus with send and listen, or an object with get, set and delete',
      remote,
    )
  if (isBus(remote)) checkBus(remote, options, at)
  if (serializer !== undefined) checkSerializer(serializer, at('serializer'))
  if (encodeKey !== undefined && typeof encodeKey !== 'function')
    throw refusal(at('encodeKey'), 'a function', encodeKey)
  if (push !== undefined && push !== false && (!isRecord(push) || typeof push.listen !== 'function'))
    throw refusal(at('push'), 'an object with a method `listen`, or false', push)
  const maxStale = time(options.maxStale ?? 10_000, at('maxStale'))
  const beat = time(options.beat ?? Math.min(1000, maxStale / 3), at('beat'))
  if (3 * beat > maxStale)
    throw new RangeError(
      `${at('beat')}: expected at most a third of maxStale (${maxStale / 3} ms), got ${beat} ms`,
    )
  const { breaker = {}, singleFlight } = options
  checkParts(breaker, at('breaker'), ['failures', 'pause'])
  if (singleFlight !== undefined) checkParts(singleFlight, at('singleFlight'), ['lease', 'wait'])
  const ownTtl = nearTtl === undefined ? Infinity : time(nearTtl, at('nearTtl'), true)
  const local = Object.fromEntries(
    Object.entries(options).filter(([option]) => (LOCAL as readonly string[]).includes(option)),
  )
  return {
    local: resolveOptions(local, where),
    settings: {
      name,
      nearTtl: ownTtl,
      maxStale,
      beat,
      readTimeout: time(options.readTimeout ?? 250, at('readTimeout')),
      writeTimeout: time(options.writeTimeout ?? 1000, at('writeTimeout')),
      closeTimeout: time(options.closeTimeout ?? 2000, at('closeTimeout')),
      breaker: {
        failures: positiveInteger(breaker.failures ?? 5, at('breaker.failures')),
        pause: time(breaker.pause ?? 1000, at('breaker.pause')),
      },
      maxQueued: positiveInteger(options.maxQueued ?? 10_000, at('maxQueued')),
      serializer: serializer?.id ?? defaultSerializer.id,
      compress: compression(options.compress, at('compress')),
      maxValueBytes: positiveInteger(
        bytes(options.maxValueBytes ?? 1024 * 1024, at('maxValueBytes')),
        at('maxValueBytes'),
      ),
      singleFlight: singleFlight && {
        lease: Math.ceil(time(singleFlight.lease, at('singleFlight.lease'))),
        wait: time(singleFlight.wait, at('singleFlight.wait')),
      },
    },
  }
}

/** What has no meaning where values stay in the process and news comes by the bus alone. */
const NOT_WITH_A_BUS = ['push', 'serializer', 'compress', 'maxValueBytes', 'singleFlight'] as const

function checkBus({ maxBytes }: Bus, options: TieredOptions, at: (option: string) => string): void {
  for (const option of NOT_WITH_A_BUS)
    if (options[option] !== undefined)
      throw new TypeError(`${at(option)}: expected none over a bus, by which no values go`)
  if (maxBytes !== undefined && !(Number.isSafeInteger(maxBytes) && maxBytes >= 1024))
    throw refusal(at('remote.maxBytes'), 'an integer of at least 1024', maxBytes)
}

export function isBus(remote: object): remote is Bus {
  const { send, listen } = remote as Partial<Bus>
  return typeof send === 'function' && typeof listen === 'function' && !('open' in remote)
}

function isPlain(remote: Record<string, unknown>): boolean {
  // A Map has the methods, but deletes one key at a time.
  return (
    !(remote instanceof Map) &&
    ['get', 'set', 'delete'].every((method) => typeof remote[method] === 'function')
  )
}

function compression(compress: TieredOptions['compress'], at: string): Compression | undefined {
  if (compress === undefined) return undefined
  checkParts(compress, at, ['over', 'method'])
  const { over, method = 'gzip' } = compress
  if (method !== 'gzip' && method !== 'brotli' && method !== 'zstd')
    throw refusal(`${at}.method`, "'gzip', 'brotli' or 'zstd'", method)
  if (!isAvailable(method)) throw refusal(`${at}.method`, 'one that this runtime has', method)
  return { over: positiveInteger(bytes(over, `${at}.over`), `${at}.over`), method }
}

function checkParts(value: unknown, option: string, known: readonly string[]): void {
  if (!isRecord(value)) throw refusal(option, `an object of ${known.join(' and ')}`, value)
  for (const name of Object.keys(value))
    if (!known.includes(name)) throw unknownOption(`${option}.${name}`, name, known)
}

function time(value: unknown, option: string, mayBeEndless = false): number {
  const found = milliseconds(value, option)
  if (found > 0 && (found < Infinity || mayBeEndless)) return found
  throw new RangeError(`${option}: expected a time above 0${mayBeEndless ? '' : ' that ends'}, got ${found}`)
}
