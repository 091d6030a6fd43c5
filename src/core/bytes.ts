/**
 * Bytes that an entry takes besides its key and value, and a ghost besides its key: places in the arrays of the store and in a Map.
 * `npm run bench:estimate` measures it.
 */
export const ENTRY_BYTES = 128

/*
 * Sizes on the heap of a 64-bit V8 without compressed pointers, as Node has it. They were found by measuring: bench/estimate.ts.
 */
const WORD = 8
const HEADER = 2 * WORD
/** A number that is no small integer. */
const NUMBER = 2 * WORD
const OBJECT = 3 * WORD
/** An object literal without properties has room for four. */
const EMPTY_OBJECT = OBJECT + 4 * WORD
const ARRAY = 6 * WORD
const DATE = 13 * WORD
const REGEXP = 12 * WORD
const SYMBOL = 8 * WORD
const FUNCTION = 12 * WORD
/** Map and Set beside their tables. */
const COLLECTION = 6 * WORD
/** An error with its stack, which is not looked at: that would have it written out. */
const ERROR = 48 * WORD
const URL_OBJECT = 36 * WORD
const BUFFER = 11 * WORD
const VIEW = 13 * WORD
/** With more properties than this an object is taken for a dictionary, whose names are its own. */
const MANY_NAMES = 64
/** A string up to this length is read sooner character by character than by a regular expression. */
const SHORT = 64
/** An array longer than this is looked at for holes. */
const LONG = 1000

/**
 * About how many bytes a value takes: what it refers to is counted, each object once, a buffer with all that it keeps in memory. An estimate
 * from the value's form; private fields, closures, native resources and functions' code are not seen. Throws what a getter throws.
 */
export function estimateBytes(value: unknown): number {
  const simple = simpleBytes(value)
  if (simple !== undefined) return simple
  const seen = new Set<unknown>()
  const rest: unknown[] = [value]
  let bytes = 0
  while (rest.length > 0) {
    const part = rest.pop()
    const known = simpleBytes(part)
    if (known !== undefined) bytes += known
    else if (seen.has(part)) bytes += WORD
    else {
      seen.add(part)
      bytes += WORD + objectBytes(part as object, rest, seen)
    }
  }
  return Math.ceil(bytes)
}

/** Bytes of a value that refers to nothing else, with the place where it stands. */
function simpleBytes(value: unknown): number | undefined {
  switch (typeof value) {
    case 'string':
      return WORD + stringBytes(value)
    case 'number':
      return value === (value | 0) ? WORD : WORD + NUMBER
    case 'bigint':
      return WORD + HEADER + Math.ceil(value.toString(16).length / 16) * WORD
    case 'symbol':
      return WORD + SYMBOL + (value.description === undefined ? 0 : stringBytes(value.description))
    case 'object':
      return value === null ? WORD : undefined
    case 'function':
      return undefined
    default:
      return WORD
  }
}

/** Two bytes per character as soon as one is outside Latin-1; whole words. */
function stringBytes(text: string): number {
  const bytes = text.length * (isWide(text) ? 2 : 1)
  return HEADER + Math.ceil(bytes / WORD) * WORD
}

function isWide(text: string): boolean {
  if (text.length > SHORT) return /[^\0-\xff]/.test(text)
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return true
  return false
}

/** The object itself; what it refers to goes to `rest`. */
function objectBytes(value: object, rest: unknown[], seen: Set<unknown>): number {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype) return OBJECT + propertyBytes(value, true, rest)
  if (prototype === null) {
    const names = Object.keys(value)
    return OBJECT + dictionaryOf(value, names, areData(names), rest)
  }
  if (ArrayBuffer.isView(value)) return VIEW + viewedBytes(value, seen)
  if (value instanceof ArrayBuffer || isShared(value)) return BUFFER + value.byteLength
  if (Array.isArray(value)) return ARRAY + elementBytes(value, rest)
  let bytes: number
  if (value instanceof Map) {
    bytes = COLLECTION + tableBytes(value.size, 3)
    // The table has the places of keys and values.
    for (const [key, item] of value) bytes += inTable(key, rest) + inTable(item, rest)
  } else if (value instanceof Set) {
    bytes = COLLECTION + tableBytes(value.size, 2)
    for (const item of value) bytes += inTable(item, rest)
  } else if (value instanceof Date) bytes = DATE
  else if (value instanceof RegExp) bytes = REGEXP + stringBytes(value.source)
  else if (value instanceof Error) {
    bytes = ERROR
    rest.push(value.message, value.cause)
  } else if (typeof value === 'function') bytes = FUNCTION
  else if (isUrl(value)) bytes = URL_OBJECT + stringBytes(value.href)
  else bytes = OBJECT
  return bytes + propertyBytes(value, bytes === OBJECT, rest)
}

/** What a view keeps in memory: its whole buffer, once; its own bytes where Node has many small views share one. */
function viewedBytes(view: ArrayBufferView, seen: Set<unknown>): number {
  const { buffer, byteLength } = view
  if (buffer.byteLength === pooled() && byteLength <= buffer.byteLength / 2 && isNodeBuffer(view))
    return byteLength
  if (seen.has(buffer)) return 0
  seen.add(buffer)
  return BUFFER + buffer.byteLength
}

/** Elements of an array: numbers alone as they are, without a reference to each; what lies between holes by itself. */
function elementBytes(array: readonly unknown[], rest: unknown[]): number {
  if (array.length > LONG && isSparse(array)) {
    const indexes = Object.keys(array)
    for (const index of indexes) rest.push(array[Number(index)])
    return dictionaryBytes(indexes.length) - indexes.length * WORD
  }
  if (array.every((item) => typeof item === 'number')) return array.length * WORD
  for (const item of array) rest.push(item)
  return 0
}

function isSparse(array: readonly unknown[]): boolean {
  let present = 0
  for (let i = 0; i < 64; i++) if (Math.floor((i * array.length) / 64) in array) present++
  return present < 16
}

/** Properties with names and symbols; a name that an object shares with others of its form does not count. */
function propertyBytes(value: object, isPlain: boolean, rest: unknown[]): number {
  const names = Object.keys(value)
  if (areData(names)) return dictionaryOf(value, names, true, rest)
  for (const name of names) rest.push((value as Record<string, unknown>)[name])
  // It takes longer than all else to ask for symbols, and plain objects with names hardly ever have any.
  if (isPlain && names.length > 0) return 0
  const symbols = Object.getOwnPropertySymbols(value)
  for (const symbol of symbols) rest.push((value as Record<symbol, unknown>)[symbol])
  return isPlain && symbols.length === 0 ? EMPTY_OBJECT - OBJECT : 0
}

/** Properties in a hash table, which has the places of the values; names that are data count. */
function dictionaryOf(value: object, names: readonly string[], isKeyed: boolean, rest: unknown[]): number {
  let bytes = dictionaryBytes(names.length) - names.length * WORD
  for (const name of names) {
    rest.push((value as Record<string, unknown>)[name])
    if (isKeyed && !isIndex(name)) bytes += stringBytes(name)
  }
  return bytes
}

/** Whether the names of an object are data, such as ids, rather than a form that it shares with others: many, or by the first and the last. */
function areData(names: readonly string[]): boolean {
  if (names.length > MANY_NAMES) return true
  return names.length > 0 && isData(names[0]!) && isData(names[names.length - 1]!)
}

/** Whether a name is none that a programmer gives: letters, `_` and `$`, perhaps with a digit at the end. */
function isData(name: string): boolean {
  const last = name.length - 1
  for (let i = 0; i <= last; i++) {
    const code = name.charCodeAt(i)
    const isLetter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code === 36
    if (!isLetter) return i === 0 || i < last || code < 48 || code > 57
  }
  return false
}

/** The names of elements are numbers, not strings. */
function isIndex(name: string): boolean {
  return /^(0|[1-9]\d{0,9})$/.test(name)
}

/** V8's hash table of properties: three words for each of its places, of which at most two thirds are taken. */
function dictionaryBytes(count: number): number {
  return 7 * WORD + powerAbove(count * 1.5) * 3 * WORD
}

/** V8's table of a Map or Set, so many words for each of its places. */
function tableBytes(size: number, words: number): number {
  const places = Math.max(4, powerAbove(size))
  return (3 + places / 2 + places * words) * WORD
}

function powerAbove(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, count)))
}

/** A key or value of a Map, whose place is counted already. */
function inTable(value: unknown, rest: unknown[]): number {
  rest.push(value)
  return -WORD
}

/** Pages that are not isolated from other origins have no SharedArrayBuffer. */
function isShared(value: object): value is SharedArrayBuffer {
  return typeof SharedArrayBuffer === 'function' && value instanceof SharedArrayBuffer
}

interface NodeGlobals {
  readonly Buffer?: { new (): object; readonly poolSize?: number }
  readonly URL?: new () => { readonly href: string }
}

const { Buffer: NodeBuffer, URL: Url } = globalThis as unknown as NodeGlobals

/** The size of the buffers that Node cuts small ones from. */
function pooled(): number {
  return NodeBuffer?.poolSize ?? 0
}

function isNodeBuffer(view: object): boolean {
  return NodeBuffer !== undefined && view instanceof NodeBuffer
}

function isUrl(value: object): value is { readonly href: string } {
  return Url !== undefined && value instanceof Url
}
