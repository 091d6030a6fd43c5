/** What keeps a shared value from being changed: `admit` on the way in, `reveal` on the way out. */
export interface Protection {
  admit<V>(value: V): V
  /** Absent where readers share what was admitted. */
  reveal?<V>(value: V): V
}

export const protections: Record<'none' | 'freeze' | 'clone', Protection | undefined> = {
  none: undefined,
  freeze: { admit: deepFreeze },
  clone: { admit: copy, reveal: (value) => structuredClone(value) },
}

function copy<V>(value: V): V {
  try {
    return structuredClone(value)
  } catch (cause) {
    throw new TypeError(
      `protect: 'clone' takes values that structuredClone takes: ${(cause as Error).message}`,
      { cause },
    )
  }
}

/** Freezes plain data (objects, arrays, primitives) through and through; all of it is looked at before any of it is frozen. */
function deepFreeze<V>(value: V): V {
  const seen = new Set<object>()
  const visit = (part: unknown): void => {
    if (typeof part === 'function') throw unfreezable('a function')
    if (typeof part !== 'object' || part === null || seen.has(part)) return
    if (!Array.isArray(part) && !isPlain(part))
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

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function unfreezable(what: string): TypeError {
  return new TypeError(`protect: 'freeze' takes plain data (objects, arrays, primitives), got ${what}`)
}
