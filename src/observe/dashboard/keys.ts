import type { ShownKey } from './wire.ts'

/** A key that is longer is shown in part, and cannot be asked for again. */
const LONGEST = 65_536

/** How a key is shown. Runs no code of it: an object is shown by its form. */
export function shownKey(key: unknown, keys: 'plain' | 'hashed'): ShownKey {
  if (keys === 'hashed') return { text: hashOf(key), kind: 'hashed' }
  switch (typeof key) {
    case 'string':
      return key.length > LONGEST
        ? { text: key.slice(0, 1000), kind: 'other' }
        : { text: key, kind: 'string', ref: key }
    case 'number':
      return { text: String(key), kind: 'number', ref: Number.isFinite(key) ? key : { number: String(key) } }
    case 'bigint':
      return { text: `${key}n`, kind: 'bigint', ref: { bigint: String(key) } }
    case 'boolean':
      return { text: String(key), kind: 'other', ref: key }
    default:
      return key === null ? { text: 'null', kind: 'other', ref: null } : { text: formOf(key), kind: 'other' }
  }
}

/** The key that is meant; undefined where none is. */
export function keyOf(ref: unknown): { readonly key: unknown } | undefined {
  if (ref === null || typeof ref === 'string' || typeof ref === 'boolean' || typeof ref === 'number')
    return { key: ref }
  if (typeof ref !== 'object') return undefined
  const { bigint, number } = ref as { bigint?: unknown; number?: unknown }
  if (typeof bigint === 'string' && /^-?\d{1,10000}$/.test(bigint)) return { key: BigInt(bigint) }
  if (typeof number === 'string' && /^(NaN|-?Infinity)$/.test(number)) return { key: Number(number) }
  return undefined
}

/** Whether a part of a key as it is shown is there. */
export function matches(key: unknown, find: string): boolean {
  if (find === '') return true
  if (typeof key === 'string') return key.includes(find)
  if (typeof key === 'number' || typeof key === 'bigint' || typeof key === 'boolean')
    return String(key).includes(find)
  return false
}

/** An object by its form: its kind and the names of its first properties. */
function formOf(key: unknown): string {
  if (key === undefined) return 'undefined'
  if (typeof key === 'symbol') return key.toString().slice(0, 200)
  if (typeof key === 'function') return 'a function'
  try {
    if (Array.isArray(key)) return `Array(${key.length})`
    const names = Object.keys(key as object)
    const shown = names.slice(0, 6).join(', ')
    return names.length === 0 ? 'an object' : `{ ${shown}${names.length > 6 ? ', …' : ''} }`.slice(0, 200)
  } catch {
    return 'an object'
  }
}

const seeds = crypto.getRandomValues(new Int32Array(2))
const identities = new WeakMap<object, number>()
let identified = 0

/** Twelve digits that tell keys apart within this process. They are no cryptography: the seed, which is random, keeps them from being looked up. */
function hashOf(key: unknown): string {
  let high = seeds[0]!
  let low = seeds[1]!
  const text = textOf(key)
  for (let i = 0; i < text.length; i++) {
    high = Math.imul(high ^ text.charCodeAt(i), 0x85ebca6b)
    low = Math.imul(low ^ text.charCodeAt(i), 0x9e3779b1)
    high ^= low >>> 13
    low ^= high >>> 15
  }
  return ((high >>> 0).toString(16).padStart(8, '0') + (low >>> 0).toString(16).padStart(8, '0')).slice(0, 12)
}

function textOf(key: unknown): string {
  if ((typeof key !== 'object' && typeof key !== 'function') || key === null)
    return `${typeof key} ${String(key)}`
  const identity = identities.get(key) ?? ++identified
  identities.set(key, identity)
  return `object ${identity}`
}
