import { type Contents, look, plain } from './parts.ts'

/*
 * How an argument is written that is too large to be written out: by the objects in it, each once, the inner ones first. Where one
 * occurs in another stands its number.
 *
 *     [x, x], x being { a: 1 }     '#2:' + 'o1:s1:ai1;' + 'a2:#0;#0;'
 *
 * Without cycles objects of the same contents get one number, so what is the same is written the same, whether it is shared or not.
 * With a cycle, numbers are by identity, in the order of the way through; then `$` stands in front, and an argument is the same
 * only if it also shares the same parts.
 */

/** An object that is being written. */
interface Open {
  readonly value: object
  readonly contents: Contents
  readonly number: number
  next: number
  written: string
}

/** An argument, in time and length in proportion to the different objects in it, however deep they lie. */
export function compact(value: object): string {
  return written(value, false) ?? written(value, true)!
}

/** Undefined if there is a cycle, unless numbers are by identity. */
function written(argument: object, isByIdentity: boolean): string | undefined {
  const parts: string[] = []
  const numbers = new Map<string, number>()
  /** The number of each object that was met; undefined while it is being written. */
  const known = new Map<object, number | undefined>()
  const open: Open[] = []
  const begin = (value: object): string | undefined => {
    const contents = look(value)
    if (typeof contents === 'string') return contents
    const number = parts.length
    if (isByIdentity) parts.push('')
    known.set(value, isByIdentity ? number : undefined)
    open.push({ value, contents, number, next: 0, written: `${contents.kind}${contents.values.length}:` })
    return undefined
  }
  begin(argument)
  for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
    const { names, values } = at.contents
    if (at.next === values.length) {
      open.pop()
      const number = isByIdentity ? at.number : (numbers.get(at.written) ?? parts.length)
      parts[number] = at.written
      numbers.set(at.written, number)
      known.set(at.value, number)
      const outer = open.at(-1)
      if (outer !== undefined) outer.written += `#${number};`
      continue
    }
    const value = values[at.next]
    at.written += names?.[at.next] ?? ''
    at.next++
    if (typeof value !== 'object' || value === null) at.written += plain(value)
    else if (!known.has(value)) at.written += begin(value) ?? ''
    else {
      const number = known.get(value)
      if (number === undefined) return undefined
      at.written += `#${number};`
    }
  }
  return `${isByIdentity ? '$' : '#'}${parts.length}:${parts.join('')}`
}
