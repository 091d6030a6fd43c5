// The few assertions that the cases need, without a test runner or a module of Node: they run in workers and browsers too.

/** Fails unless both are the same value, `NaN` and `-0` taken for what they are. */
export function is(actual: unknown, expected: unknown, where?: unknown): void {
  if (!Object.is(actual, expected)) fail(`expected ${show(expected)}, got ${show(actual)}`, where)
}

/** Fails unless both hold the same, through plain objects and arrays, Maps and Sets in any order. */
export function equal(actual: unknown, expected: unknown, where?: unknown): void {
  if (!isEqual(actual, expected)) fail(`expected ${show(expected)}, got ${show(actual)}`, where)
}

/** Fails unless an object has these properties, whatever else it has. */
export function matches(actual: object, expected: object, where?: unknown): void {
  const all = actual as Record<string, unknown>
  equal(Object.fromEntries(Object.keys(expected).map((name) => [name, all[name]])), expected, where)
}

export function atMost(actual: number, limit: number, where?: unknown): void {
  if (!(actual <= limit)) fail(`expected ${limit} at most, got ${actual}`, where)
}

export function atLeast(actual: number, limit: number, where?: unknown): void {
  if (!(actual >= limit)) fail(`expected ${limit} at least, got ${actual}`, where)
}

/** What a call throws. Fails where it throws nothing. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  return fail('expected an error, none was thrown', call)
}

/** What a promise is rejected with. Fails where it is not. */
export async function rejectionOf(promise: unknown): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  return fail('expected a rejection, the promise was fulfilled')
}

/** Fails unless an error is of this kind and its message says what it is to say. */
export function isError(
  error: unknown,
  kind: new (message: string) => Error,
  message: string | RegExp = '',
  where?: unknown,
): void {
  if (!(error instanceof kind)) fail(`expected a ${kind.name}, got ${show(error)}`, where)
  const says = typeof message === 'string' ? error.message.includes(message) : message.test(error.message)
  if (!says) fail(`expected an error that says ${show(message)}, got ${show(error)}`, where)
}

/** Fails unless a call throws a TypeError or RangeError with this message. */
export function isMisuse(call: () => unknown, message: string): void {
  const error = thrownBy(call)
  isError(error, error instanceof RangeError ? RangeError : TypeError, message, call)
}

/** Fails unless an error has this code, as a CacheError of any copy of the package has. */
export function hasCode(error: unknown, code: string, where?: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === code))
    fail(`expected an error with the code ${code}, got ${show(error)}`, where)
}

/** Fails unless each call throws a TypeError with this message. */
export function refuses(message: string | RegExp, ...calls: (() => unknown)[]): void {
  for (const call of calls) isError(thrownBy(call), TypeError, message, call)
}

function fail(message: string, where?: unknown): never {
  throw new Error(where === undefined ? message : `${message} (${String(where)})`)
}

function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (a instanceof Set && b instanceof Set) return a.size === b.size && [...a].every((one) => b.has(one))
  if (a instanceof Map && b instanceof Map)
    return a.size === b.size && [...a].every(([key, one]) => b.has(key) && isEqual(one, b.get(key)))
  const [left, right] = [a, b] as Record<PropertyKey, unknown>[]
  const names = Reflect.ownKeys(left!)
  return (
    names.length === Reflect.ownKeys(right!).length &&
    names.every((name) => Object.hasOwn(right!, name) && isEqual(left![name], right![name]))
  )
}

/** A value in a message: plain data as it would be written, two levels deep. */
export function show(value: unknown, depth = 2): string {
  if (typeof value === 'string') return `'${value.length > 40 ? `${value.slice(0, 40)}…` : value}'`
  if (typeof value === 'bigint') return `${value}n`
  if (Object.is(value, -0)) return '-0'
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Error || value instanceof RegExp) return String(value)
  if (depth === 0) return 'an object'
  const inside = (one: unknown): string => show(one, depth - 1)
  if (Array.isArray(value)) return `[${value.map(inside).join(', ')}]`
  if (value instanceof Map || value instanceof Set) return `${value.constructor.name} ${inside([...value])}`
  const pairs = Object.entries(value).map(([name, one]) => `${name}: ${inside(one)}`)
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`
}
