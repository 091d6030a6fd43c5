import { createHash } from 'node:crypto'
import { describe } from '../errors.ts'

/** Longer keys, names and tags than this, in bytes, are written as their hash. */
const LONGEST = 200
const surrogate = /\p{Surrogate}/u

/**
 * A key as text, in such a way that two different keys never meet: a letter for its type, then its content. Strings that UTF-8 cannot
 * tell apart, those with lone surrogates, are written in hexadecimal; arrays as the texts of their items, each after its length.
 */
export function encodeKey(key: unknown): string {
  switch (typeof key) {
    case 'string':
      return surrogate.test(key) ? `u${hex(key)}` : `s${key}`
    case 'number':
      return `n${key === 0 ? 0 : key}`
    case 'bigint':
      return `i${key}`
    case 'boolean':
      return key ? 't' : 'f'
    case 'object':
      if (key === null) return '0'
      if (Array.isArray(key)) return `a${key.map(encodeKey).map(withLength).join('')}`
  }
  throw new TypeError(
    `key: expected a string, number, bigint, boolean, null or an array of these (others need encodeKey), got ${describe(key)}`,
  )
}

/** The key of an encoding that is no array, no hash and not the user's own. */
export function decodeKey(encoded: string): unknown {
  const text = encoded.slice(1)
  switch (encoded[0]) {
    case 's':
      return text
    case 'u':
      return fromHex(text)
    case 'n':
      return Number(text)
    case 'i':
      return BigInt(text)
    case 't':
      return true
    case 'f':
      return false
    case '0':
      return null
    default:
      return undefined
  }
}

/** A key's text, or its hash where that is shorter than what it says. */
export function shortened(encoded: string): string {
  if (encoded.length <= LONGEST / 3 || Buffer.byteLength(encoded) <= LONGEST) return encoded
  return `h${hash(encoded)}`
}

/** A namespace inside another one, as text before keys. */
export function inside(path: string, name: string): string {
  return `${path}N${withLength(encodeText(name))}`
}

/** A tag, or a namespace's name, as text: it begins with what tells how the rest is to be read, and with no letter. */
export function encodeText(text: string): string {
  if (surrogate.test(text)) return `;${hex(text)}`
  return Buffer.byteLength(text) > LONGEST ? `#${hash(text)}` : `:${text}`
}

/** The texts of the namespaces that lead to a key or tag, outermost first, and what comes after them; undefined for what is none. */
export function splitPath(
  text: string,
): { readonly names: readonly string[]; readonly rest: string } | undefined {
  const names: string[] = []
  let at = 0
  while (text[at] === 'N') {
    const colon = text.indexOf(':', at)
    const digits = text.slice(at + 1, colon)
    const length = /^[1-9]\d{0,5}$/.test(digits) ? Number(digits) : Infinity
    if (colon + 1 + length > text.length) return undefined
    names.push(text.slice(colon + 1, colon + 1 + length))
    at = colon + 1 + length
  }
  return { names, rest: text.slice(at) }
}

/** The key of an encoded one, or the encoding where it does not tell it: for those who are to see it. */
export function shownKey(text: string): unknown {
  const rest = splitPath(text)?.rest ?? text
  return isComposite(rest) ? rest : decodeKey(rest)
}

/** Whether a key that is encoded so lives in a process under its encoding. */
export function isComposite(encoded: string): boolean {
  return encoded[0] === 'a' || encoded[0] === 'e' || encoded[0] === 'h'
}

function withLength(text: string): string {
  return `${text.length}:${text}`
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

function hex(text: string): string {
  return Array.from({ length: text.length }, (_, i) => text.charCodeAt(i).toString(16).padStart(4, '0')).join(
    '',
  )
}

function fromHex(text: string): string {
  return String.fromCharCode(...(text.match(/.{4}/g) ?? []).map((unit) => Number.parseInt(unit, 16)))
}
