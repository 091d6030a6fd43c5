import { ENTRY_BYTES, estimateBytes } from '../core/bytes.ts'
import { isRecord, positiveInteger, unknownOption } from '../options/options.ts'
import { refusal } from '../options/units.ts'

/** How to record. */
export interface RecordOptions {
  /** How keys are written. `'hashed'` (default): as 64 bits, with a seed made for this recording. `'plain'`: readable. */
  readonly keys?: 'hashed' | 'plain' | undefined
  /** The share of keys that is recorded, above 0 and at most 1, chosen by their hash: all reads of a key or none. Default 1. */
  readonly sample?: number | undefined
  /** Writes the time of each read too, in milliseconds, so that lifetimes can be simulated. Default false. */
  readonly times?: boolean | undefined
  /**
   * Writes the weight of each value that a read found, so that `maxBytes` or `maxWeight` can be simulated: `true` for bytes as `maxBytes`
   * counts them, or a function like `weigh`. What a miss would have found is filled in from other reads of its key. Default false.
   */
  readonly weights?: boolean | ((value: never, key: never) => number) | undefined
  /** The recording ends by itself after so many lines, so that a forgotten one does not fill the disk. Default 10 million. */
  readonly maxReads?: number | undefined
  /**
   * Told when the file cannot be written; the recording has ended then, and the error also rejects `stop()`. Told of the first weight that
   * is wrong, too; such lines have none.
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** Options with their defaults. */
export interface RecordSettings {
  readonly keys: 'hashed' | 'plain'
  readonly sample: number
  readonly times: boolean
  /** What the weights are; undefined where none are written. */
  readonly unit: 'bytes' | 'weight' | undefined
  readonly weigh: ((value: unknown, key: unknown) => number) | undefined
  readonly maxReads: number
  readonly onError: ((error: unknown) => void) | undefined
}

const NAMES = ['keys', 'sample', 'times', 'weights', 'maxReads', 'onError']

/** Checks options and fills in the defaults. Throws a TypeError or RangeError. */
export function checkOptions(options: RecordOptions): RecordSettings {
  if (!isRecord(options)) throw refusal('options', 'an object such as { sample: 0.1 }', options)
  for (const name of Object.keys(options)) if (!NAMES.includes(name)) throw unknownOption(name, name, NAMES)
  const {
    keys = 'hashed',
    sample = 1,
    times = false,
    weights = false,
    maxReads = 10_000_000,
    onError,
  } = options as RecordOptions
  if (keys !== 'hashed' && keys !== 'plain') throw refusal('keys', "'hashed' or 'plain'", keys)
  if (typeof sample !== 'number') throw refusal('sample', 'a number above 0 and at most 1', sample)
  if (!(sample > 0 && sample <= 1))
    throw new RangeError(refusal('sample', 'a number above 0 and at most 1', sample).message)
  if (typeof times !== 'boolean') throw refusal('times', 'true or false', times)
  if (typeof weights !== 'boolean' && typeof weights !== 'function')
    throw refusal('weights', 'true, false or a function', weights)
  if (onError !== undefined && typeof onError !== 'function') throw refusal('onError', 'a function', onError)
  const weigh =
    weights === true ? entryBytes : weights === false ? undefined : (weights as RecordSettings['weigh'])
  const unit = weights === true ? 'bytes' : weights === false ? undefined : 'weight'
  return { keys, sample, times, unit, weigh, maxReads: positiveInteger(maxReads, 'maxReads'), onError }
}

/** What an entry counts towards `maxBytes`. */
function entryBytes(value: unknown, key: unknown): number {
  return ENTRY_BYTES + estimateBytes(value) + estimateBytes(key)
}
