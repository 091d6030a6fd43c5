import { refusal } from '../options/units.ts'
import { compact } from './compact.ts'
import { identity, look, number, plain, text } from './parts.ts'

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
 * An argument of very many objects, or deeply nested ones, is written in another way: compact.ts.
 *
 * The only strings that could be taken for such a key, those that begin with `\0`, are written out themselves.
 */

/** How many objects an argument is written out with at most, one that occurs twice counting twice. */
const MOST_OBJECTS = 1000
/** How deep they may lie inside each other. */
const MOST_LEVELS = 100

/** The key of a list of arguments: a primitive. Calls getters of plain objects. */
export function keyOf(list: readonly unknown[]): unknown {
  if (list.length === 1) return keyOfOne(list[0])
  let key = '\0'
  for (let i = 0; i < list.length; i++) {
    const value = list[i]
    key += typeof value === 'object' && value !== null ? argument(value) : plain(value)
  }
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
      const written = argument(value)
      return written.charCodeAt(0) === 0 ? written : `\0${written}`
    }
    default:
      return value
  }
}

/** A key as it is in all processes. Throws a TypeError where something in it is known by identity, which no other process can know. */
export function sharedKey(key: unknown): unknown {
  if (key === undefined) return '\0u'
  if (typeof key === 'symbol' || (typeof key === 'string' && key.includes('\0@')))
    throw refusal('arguments', 'values known by their contents, over a tiered cache', key)
  return key
}

/** An object that is being written, and those around it: what a cycle can lead back to. */
interface Level {
  readonly value: object
  readonly depth: number
  readonly outer: Level | undefined
}

/** How many objects may still be written; below zero the argument is too large. */
interface Room {
  left: number
}

function argument(value: object): string {
  const room: Room = { left: MOST_OBJECTS }
  const written = object(value, undefined, room)
  return room.left < 0 ? compact(value) : written
}

function object(value: object, outer: Level | undefined, room: Room): string {
  for (let level = outer; level !== undefined; level = level.outer)
    if (level.value === value) return `c${level.depth};`
  const contents = look(value)
  if (typeof contents === 'string') return contents
  const depth = outer === undefined ? 0 : outer.depth + 1
  room.left = depth === MOST_LEVELS ? -1 : room.left - 1
  const { kind, names, values } = contents
  const level = { value, depth, outer }
  let written = `${kind}${values.length}:`
  for (let i = 0; i < values.length && room.left >= 0; i++) {
    if (names !== undefined) written += names[i]
    const inner = values[i]
    written += typeof inner === 'object' && inner !== null ? object(inner, level, room) : plain(inner)
  }
  return written
}
