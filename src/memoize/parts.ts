// What keys are written with: values that have no contents, and the contents of those that have.

/** An object that is known by its contents: their kind, and the values in it, with their names where they have names. */
export interface Contents {
  readonly kind: string
  readonly names: readonly string[] | undefined
  readonly values: readonly unknown[]
}

/** What a value is written as that is no object. */
export function plain(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return text(value)
    case 'number':
      return number(value)
    case 'boolean':
      return value ? 't' : 'f'
    case 'bigint':
      return `b${value};`
    case 'symbol':
      return symbol(value)
    case 'function':
      return identity(value)
    default:
      return value === null ? 'n' : 'u'
  }
}

/** Objects whose contents can be seen are known by them, all others are written by identity. Calls getters of plain objects. */
export function look(value: object): Contents | string {
  switch (Object.getPrototypeOf(value)) {
    case Object.prototype:
      return properties('o', value, Reflect.ownKeys(value))
    case null:
      return properties('p', value, Reflect.ownKeys(value))
    case Array.prototype:
      return Array.isArray(value) ? array(value) : identity(value)
    case Map.prototype:
      return hasOwn(value, 0) ? items('m', [...(value as Map<unknown, unknown>)].flat()) : identity(value)
    case Set.prototype:
      return hasOwn(value, 0) ? items('e', [...(value as Set<unknown>)]) : identity(value)
    case Date.prototype:
      return hasOwn(value, 0) ? `d${(value as Date).getTime()};` : identity(value)
    case RegExp.prototype:
      return hasOwn(value, 1) ? regExp(value as RegExp) : identity(value)
    default:
      return identity(value)
  }
}

export function text(value: string): string {
  return `s${value.length}:${value}`
}

export function number(value: number): string {
  return Object.is(value, -0) ? 'i-0;' : `i${value};`
}

/** One of the registry is known by its name, since the runtime may make it anew. */
function symbol(value: symbol): string {
  const name = Symbol.keyFor(value)
  return name === undefined ? identity(value) : `y${text(name)}`
}

/** Sorted, so that the order of the properties does not matter. */
function properties(kind: string, value: object, keys: (string | symbol)[]): Contents {
  // Symbols come last among own keys.
  if (typeof keys.at(-1) === 'symbol') keys.sort((a, b) => (plain(a) < plain(b) ? -1 : 1))
  else keys.sort()
  return {
    kind,
    names: keys.map(plain),
    values: keys.map((key) => (value as Record<typeof key, unknown>)[key]),
  }
}

/** With holes or properties beside its items it is written as properties, `length` among them. */
function array(value: readonly unknown[]): Contents {
  const keys = Reflect.ownKeys(value)
  const isJustThat = keys.length === value.length + 1 && keys[value.length] === 'length'
  return isJustThat ? items('a', value) : properties('h', value, keys)
}

function items(kind: string, values: readonly unknown[]): Contents {
  return { kind, names: undefined, values }
}

function regExp(value: RegExp): string {
  return `r${number(value.lastIndex)}${text(value.source)}${text(value.flags)}`
}

/** Whether it has so many properties of its own: an instance with more may differ by what it was given. */
function hasOwn(value: object, count: number): boolean {
  return Reflect.ownKeys(value).length === count
}

/** Objects and symbols by a number that each got when it was first met. It is never given again, and keeps nothing alive. */
const identities = new WeakMap<WeakKey, string>()
let met = 0

export function identity(value: object | symbol): string {
  const known = identities.get(value as WeakKey)
  if (known !== undefined) return known
  const written = `\0@${++met};`
  identities.set(value as WeakKey, written)
  return written
}
