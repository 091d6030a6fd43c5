const WORD = 8
const OBJECT = 3 * WORD
const COLLECTION = 6 * WORD

/**
 * About how many bytes a value takes on the heap of a 64-bit V8: what it refers to is counted, each object once.
 * An estimate from the value's form, good to order within a factor of two; closures and native resources are not seen.
 */
export function estimateBytes(value: unknown): number {
  const seen = new Set<object>()
  const rest: unknown[] = [value]
  let bytes = 0
  while (rest.length > 0) {
    const part = rest.pop()
    bytes += WORD
    if (typeof part === 'string') bytes += stringBytes(part)
    else if (typeof part === 'number') bytes += Number.isInteger(part) && part === (part | 0) ? 0 : 2 * WORD
    else if (typeof part === 'bigint') bytes += 2 * WORD + part.toString(16).length / 2
    else if (typeof part === 'function') bytes += 8 * WORD
    else if (typeof part === 'object' && part !== null && !seen.has(part)) {
      seen.add(part)
      bytes += objectBytes(part, rest)
    }
  }
  return Math.ceil(bytes)
}

/** Two bytes per character as soon as one is outside Latin-1. */
function stringBytes(text: string): number {
  return 2 * WORD + text.length * (/[^\0-\xff]/.test(text) ? 2 : 1)
}

/** The object itself; what it refers to goes to `rest`. */
function objectBytes(value: object, rest: unknown[]): number {
  if (ArrayBuffer.isView(value)) return 2 * COLLECTION + value.byteLength
  if (value instanceof ArrayBuffer || isShared(value)) return COLLECTION + value.byteLength
  if (Array.isArray(value)) {
    const bytes = OBJECT + 2 * WORD
    // V8 keeps numbers alone in an array as they are, without a reference to each.
    if (value.every((item) => typeof item === 'number')) return bytes + value.length * WORD
    for (const item of value) rest.push(item)
    return bytes
  }
  let bytes = OBJECT
  if (value instanceof Map) {
    bytes += COLLECTION + value.size * 3 * WORD
    for (const [key, item] of value) rest.push(key, item)
  } else if (value instanceof Set) {
    bytes += COLLECTION + value.size * 2 * WORD
    for (const item of value) rest.push(item)
  } else if (value instanceof Date) bytes += COLLECTION
  for (const name of Object.keys(value)) rest.push((value as Record<string, unknown>)[name])
  return bytes
}

/** Pages that are not isolated from other origins have no SharedArrayBuffer. */
function isShared(value: object): value is SharedArrayBuffer {
  return typeof SharedArrayBuffer === 'function' && value instanceof SharedArrayBuffer
}
