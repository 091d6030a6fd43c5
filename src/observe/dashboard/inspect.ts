/** How deep a value is shown, how much of each part, and how many characters in all. */
const DEPTH = 3
const PARTS = 50
const LONGEST = 10_000

/** A value as text, in the manner of a console. Getters are not called, and nothing of the value's own code. */
export function inspectValue(value: unknown): string {
  const budget = { left: LONGEST }
  const text = shown(value, 0, new Set(), budget)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text
}

function shown(value: unknown, depth: number, above: Set<unknown>, budget: { left: number }): string {
  const text =
    typeof value === 'object' && value !== null ? object(value, depth, above, budget) : simple(value, depth)
  budget.left -= text.length
  return text
}

function simple(value: unknown, depth: number): string {
  if (typeof value === 'string') {
    const cut = value.slice(0, LONGEST)
    const more = value.length > LONGEST ? ` … ${value.length - LONGEST} more characters` : ''
    return (depth === 0 ? cut : JSON.stringify(cut)) + more
  }
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return '[function]'
  return Object.is(value, -0) ? '-0' : String(value)
}

function object(value: object, depth: number, above: Set<unknown>, budget: { left: number }): string {
  if (above.has(value)) return '[circular]'
  try {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
    if (value instanceof RegExp) return RegExp.prototype.toString.call(value)
    if (value instanceof Error) return `[${value.name}: ${value.message}]`
    if (ArrayBuffer.isView(value)) return `[${kindOf(value)} of ${value.byteLength} bytes]`
    if (value instanceof ArrayBuffer) return `[ArrayBuffer of ${value.byteLength} bytes]`
    if (depth >= DEPTH) return Array.isArray(value) ? '[Array]' : `[${kindOf(value)}]`
    above.add(value)
    return whole(value, depth, above, budget)
  } catch {
    return '[an object that cannot be looked at]'
  } finally {
    above.delete(value)
  }
}

function whole(value: object, depth: number, above: Set<unknown>, budget: { left: number }): string {
  const inner = (part: unknown): string => shown(part, depth + 1, above, budget)
  if (Array.isArray(value)) return listed('[', value, inner, ']', value.length, depth, budget)
  if (value instanceof Map)
    return listed('Map {', value, ([k, v]) => `${inner(k)} => ${inner(v)}`, '}', value.size, depth, budget)
  if (value instanceof Set) return listed('Set {', value, inner, '}', value.size, depth, budget)
  const names = Object.keys(value)
  const kind = kindOf(value)
  const open = kind === 'Object' ? '{' : `${kind} {`
  const property = (name: string): string => {
    const { value: part, get } = Object.getOwnPropertyDescriptor(value, name)!
    const label = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
    return `${label}: ${get === undefined ? inner(part) : '[getter]'}`
  }
  return listed(open, names, property, '}', names.length, depth, budget)
}

/** Parts on one line where they are short, else one a line. */
function listed<T>(
  open: string,
  parts: Iterable<T>,
  show: (part: T) => string,
  close: string,
  count: number,
  depth: number,
  budget: { left: number },
): string {
  const texts: string[] = []
  for (const part of parts) {
    if (texts.length === PARTS || budget.left < 0) break
    texts.push(show(part))
  }
  if (texts.length < count) texts.push(`… ${count - texts.length} more`)
  if (texts.length === 0) return open + close
  const line = texts.join(', ')
  const space = open === '[' ? '' : ' '
  if (line.length <= 72 && !line.includes('\n')) return open + space + line + space + close
  const indent = '  '.repeat(depth + 1)
  return `${open}\n${texts.map((text) => indent + text).join(',\n')}\n${'  '.repeat(depth)}${close}`
}

function kindOf(value: object): string {
  const prototype = Object.getPrototypeOf(value)
  if (prototype === null) return 'Object'
  const made = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  const name = typeof made === 'function' ? Object.getOwnPropertyDescriptor(made, 'name')?.value : undefined
  return typeof name === 'string' && name !== '' ? name : 'Object'
}
