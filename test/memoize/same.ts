/** Whether two values are the same arguments, said as plainly as possible. Knows no cycles. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (a instanceof Map && b instanceof Map) return sameItems([...a].flat(), [...b].flat())
  if (a instanceof Set && b instanceof Set) return sameItems([...a], [...b])
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime())
  if (a instanceof RegExp && b instanceof RegExp)
    return String(a) === String(b) && a.lastIndex === b.lastIndex
  if (!Array.isArray(a) && Object.getPrototypeOf(Object.getPrototypeOf(a) ?? Object.prototype) !== null)
    return false
  return sameProperties(a, b)
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => same(item, b[i]))
}

function sameProperties(a: object, b: object): boolean {
  const keys = Reflect.ownKeys(a)
  return (
    keys.length === Reflect.ownKeys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(Reflect.get(a, key), Reflect.get(b, key)))
  )
}
