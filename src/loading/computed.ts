import { isThenable } from '../engine/removal.ts'
import { refusal } from '../options/units.ts'

/** What `compute(key)` returns at once; a Promise is refused. */
export function computed<K, V>(key: K, compute: (key: K) => V): V {
  if (typeof compute !== 'function') throw refusal('compute', 'a function', compute)
  const value = compute(key)
  if (!isThenable(value)) return value
  Promise.resolve(value).catch(() => {})
  throw refusal('compute', 'a value at once (use getOrLoad for a Promise)', value)
}
