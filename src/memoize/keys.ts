/*
 * Keys from lists of arguments. Two lists get the same key exactly if they are the same by the rules of docs/memoize.md.
 *
 * The key of a list of one primitive is that primitive. Any other list is written out as a string that could be read back: `\0`, then
 * one part for each argument. A part begins with a character that tells its kind, and tells where it ends: by a `;` after what
 * cannot contain one, or by a length or count in front. So no two different lists are written the same way, whatever is in them.
 *
 *     ('a')                        'a'                          (7)      7
 *     ('a', 7)                     '\0s1:ai7;'                  ()       '\0'
 *     ({ on: true, by: ['a'] })    '\0o2:s2:bya1:s1:as2:ont'
 *     (user)                       '\0@12;'                     an object known by identity, the twelfth that was met
 *
 * The only strings that could be taken for such a key, those that begin with `\0`, are written out themselves.
 */

/** The key of a list of arguments: a primitive. Calls getters of plain objects. */
export function keyOf(list: readonly unknown[]): unknown {
  if (list.length === 1) return keyOfOne(list[0])
  let key = '\0'
  for (let i = 0; i < list.length; i++) key += part(list[i], undefined)
  return key
}

/** The key of a list of one. */
export function keyOfOne(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return value.charCodeAt(0) === 0 ? `\0${text(value)}` : value
    case 'number':
      // A Map takes -0 for 0.
      return Object.is(value, -0) ? `\0${number(value)}` : value
    case 'function':
      return identity(value)
    case 'object': {
      if (value === null) return null
      const written = object(value, undefined)
      return written.charCodeAt(0) === 0 ? written : `\0${written}`
    }
    default:
      return value
  }
}

/** An object that is being written, and those around it: what a cycle can lead back to. */
interface Level {
  readonly value: object
  readonly depth: number
  readonly outer: Level | undefined
}

function part(value: unknown, outer: Level | undefined): string {
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
    case 'object':
      return value === null ? 'n' : object(value, outer)
    default:
      return 'u'
  }
}

function text(value: string): string {
  return `s${value.length}:${value}`
}

function number(value: number): string {
  return Object.is(value, -0) ? 'i-0;' : `i${value};`
}

/** One of the registry is known by its name, since the runtime may make it anew. */
function symbol(value: symbol): string {
  const name = Symbol.keyFor(value)
  return name === undefined ? identity(value) : `y${text(name)}`
}

/** Objects whose contents can be seen are known by them, all others by identity. */
function object(value: object, outer: Level | undefined): string {
  for (let level = outer; level !== undefined; level = level.outer)
    if (level.value === value) return `c${level.depth};`
  const level = { value, depth: outer === undefined ? 0 : outer.depth + 1, outer }
  switch (Object.getPrototypeOf(value)) {
    case Object.prototype:
      return properties('o', value, Reflect.ownKeys(value), level)
    case null:
      return properties('p', value, Reflect.ownKeys(value), level)
    case Array.prototype:
      return Array.isArray(value) ? array(value, level) : identity(value)
    case Map.prototype:
      return hasOwn(value, 0)
        ? items('m', [...(value as Map<unknown, unknown>)].flat(), level)
        : identity(value)
    case Set.prototype:
      return hasOwn(value, 0) ? items('e', [...(value as Set<unknown>)], level) : identity(value)
    case Date.prototype:
      return hasOwn(value, 0) ? `d${(value as Date).getTime()};` : identity(value)
    case RegExp.prototype:
      return hasOwn(value, 1) ? regExp(value as RegExp) : identity(value)
    default:
      return identity(value)
  }
}

/** Sorted, so that the order of the properties does not matter. */
function properties(kind: string, value: object, keys: (string | symbol)[], level: Level): string {
  const own = keys.map(
    (key) => part(key, undefined) + part((value as Record<typeof key, unknown>)[key], level),
  )
  return `${kind}${own.length}:${own.sort().join('')}`
}

/** With holes or properties beside its items it is written as properties, `length` among them. */
function array(value: readonly unknown[], level: Level): string {
  const keys = Reflect.ownKeys(value)
  const isJustThat = keys.length === value.length + 1 && keys[value.length] === 'length'
  return isJustThat ? items('a', value, level) : properties('h', value, keys, level)
}

function items(kind: string, values: readonly unknown[], level: Level): string {
  let written = `${kind}${values.length}:`
  for (let i = 0; i < values.length; i++) written += part(values[i], level)
  return written
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

function identity(value: object | symbol): string {
  const known = identities.get(value as WeakKey)
  if (known !== undefined) return known
  const written = `\0@${++met};`
  identities.set(value as WeakKey, written)
  return written
}
