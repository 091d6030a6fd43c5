import { describe } from '../errors.ts'

/**
 * A span of time: a number of milliseconds, or a number with its unit such as `'500ms'`, `'90s'`, `'10m'`, `'1.5h'`, `'30d'`, `'2w'`.
 * `Infinity` is for ever.
 */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd' | 'w'}`

/** An amount of memory: a number of bytes, or a number with its unit such as `'512kb'`, `'64mb'`, `'1gb'` (powers of 1024). */
export type Bytes = number | `${number}${'b' | 'kb' | 'mb' | 'gb'}`

const MILLISECONDS: Record<string, number> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 }
const BYTES: Record<string, number> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

const DURATION = "a number of milliseconds or a string such as '500ms', '10m', '1h' or '30d'"
const MEMORY = "a number of bytes or a string such as '512kb', '64mb' or '1gb'"

/** Strings are few and repeat, so each is parsed once; the memory of it is bounded. */
const parsed = new Map<string, number>()

/** Milliseconds of a duration. Throws a TypeError that names the option, what was expected and what came. */
export function milliseconds(value: unknown, option: string): number {
  if (typeof value === 'number' && !Number.isNaN(value)) return value
  if (typeof value !== 'string') throw refusal(option, DURATION, value)
  let result = parsed.get(value)
  if (result === undefined) {
    result = parse(value, MILLISECONDS) ?? fail(option, DURATION, value)
    if (parsed.size >= 1000) parsed.clear()
    parsed.set(value, result)
  }
  return result
}

/** Bytes of an amount of memory. Throws a TypeError that names the option, what was expected and what came. */
export function bytes(value: unknown, option: string): number {
  if (typeof value === 'number' && !Number.isNaN(value)) return value
  if (typeof value !== 'string') throw refusal(option, MEMORY, value)
  return parse(value, BYTES) ?? fail(option, MEMORY, value)
}

export function refusal(option: string, expected: string, value: unknown): TypeError {
  return new TypeError(`${option}: expected ${expected}, got ${describe(value)}`)
}

function fail(option: string, expected: string, value: unknown): never {
  throw refusal(option, expected, value)
}

function parse(text: string, units: Record<string, number>): number | undefined {
  const match = /^(-?\d+(?:\.\d+)?) ?([a-z]+)$/i.exec(text)
  if (match === null) return undefined
  const unit = match[2]!.toLowerCase()
  const amount = Object.hasOwn(units, unit) ? Number(match[1]) * units[unit]! : Number.NaN
  return Number.isFinite(amount) ? amount : undefined
}
