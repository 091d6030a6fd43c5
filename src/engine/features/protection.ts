/** What keeps a shared value from being changed: `copyIn` on the way in, `copyOut` on the way out. */
export interface Protection {
  copyIn<V>(value: V): V
  /** Absent where readers share what is stored. */
  copyOut?<V>(value: V): V
}

export const protections: Record<'none' | 'freeze' | 'clone', Protection | undefined> = {
  none: undefined,
  freeze: { copyIn: deepFreeze },
  clone: { copyIn: copy, copyOut: (value) => structuredClone(value) },
}

/** A structured clone, or a TypeError where the clone would be of another kind: instances of classes come back as plain objects. */
function copy<V>(value: V): V {
  let clone: V
  try {
    clone = structuredClone(value)
  } catch (cause) {
    throw new TypeError(
      `protect: 'clone' takes values that structuredClone takes: ${(cause as Error).message}`,
      { cause },
    )
  }
  refuseStripped(value, clone)
  return clone
}

/** Looks at all parts of a value beside those of its clone. */
function refuseStripped(value: unknown, clone: unknown): void {
  const seen = new Set<object>()
  const rest: [unknown, unknown][] = [[value, clone]]
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const [part, its] = next
    if (typeof part !== 'object' || part === null || seen.has(part)) continue
    seen.add(part)
    if (!isPlain(part) && nameOf(part) !== nameOf(its as object)) {
      throw new TypeError(
        `protect: 'clone' keeps plain data and built-in types, got an instance of ${nameOf(part)}, whose clone is a plain ${nameOf(its as object)}`,
      )
    }
    if (part instanceof Map) {
      const ofClone = [...(its as Map<unknown, unknown>)].flat()
      for (const [i, item] of [...part].flat().entries()) rest.push([item, ofClone[i]])
    } else if (part instanceof Set) {
      const ofClone = [...(its as Set<unknown>)]
      for (const [i, item] of [...part].entries()) rest.push([item, ofClone[i]])
    }
    if (ArrayBuffer.isView(part)) continue
    for (const name of Object.keys(part))
      rest.push([(part as Record<string, unknown>)[name], (its as Record<string, unknown>)[name]])
  }
}

/** The name of an object's class, by which kinds are compared: those of another realm have other prototypes. */
function nameOf(value: object): string {
  return value.constructor?.name || 'a nameless class'
}

/** Freezes plain data (objects, arrays, primitives) through and through; all of it is looked at before any of it is frozen. */
function deepFreeze<V>(value: V): V {
  const seen = new Set<object>()
  const visit = (part: unknown): void => {
    if (typeof part === 'function') throw unfreezable('a function')
    if (typeof part !== 'object' || part === null || seen.has(part)) return
    if (!isPlain(part) && !isPlainArray(part))
      throw unfreezable(`an instance of ${part.constructor?.name || 'a class'}`)
    seen.add(part)
  }
  visit(value)
  for (const part of seen) {
    for (const name of Reflect.ownKeys(part)) {
      const property = Object.getOwnPropertyDescriptor(part, name)!
      if (property.get !== undefined || property.set !== undefined) throw unfreezable('an accessor')
      visit(property.value)
    }
  }
  for (const part of seen) Object.freeze(part)
  return value
}

/** An array that is not of a class of its own, which could keep private state that no freezing reaches. */
function isPlainArray(value: object): boolean {
  return Array.isArray(value) && nameOf(value) === 'Array'
}

/**
 * An object literal, one without a prototype, or one whose prototype is empty, as parsers of query strings make them. The prototype of a
 * class has its constructor at least, also where the class extends null.
 */
function isPlain(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value)
  if (prototype === null) return true
  if (Object.getPrototypeOf(prototype) !== null) return false
  return Object.hasOwn(prototype, 'isPrototypeOf') || Reflect.ownKeys(prototype).length === 0
}

function unfreezable(what: string): TypeError {
  return new TypeError(`protect: 'freeze' takes plain data (objects, arrays, primitives), got ${what}`)
}
