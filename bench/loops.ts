/**
 * The measured loops. This module is loaded once for every peer and kind of key, so that each has machine code of its own: a loop
 * that had seen several peers would call all of them slowly. Every loop counts what it found, which also keeps it from being
 * optimised away.
 */
import type { Target } from './peers/peer.ts'

export type Loops = typeof import('./loops.ts')

type Items = readonly (string | number)[]

/** Whether keys are built for each call, from a number, as `product:${id}` is in an application. */
const built = new URL(import.meta.url).searchParams.get('keys') === 'built'
const keyOf = built ? (id: string | number) => `product:${id}` : (key: string | number) => key

const VALUES = 1024
const values = Array.from({ length: VALUES }, (_, id) => ({ id, name: `Product ${id}`, price: id * 1.5 }))

export function get(target: Target, items: Items, from: number, to: number): number {
  let found = 0
  for (let i = from; i < to; i++) if (target.get(keyOf(items[i]!)) !== undefined) found++
  return found
}

export function set(target: Target, items: Items, from: number, to: number): number {
  for (let i = from; i < to; i++) target.set(keyOf(items[i]!), values[i % VALUES])
  return to - from
}

export function deleteAll(target: Target, items: Items, from: number, to: number): number {
  for (let i = from; i < to; i++) target.delete!(keyOf(items[i]!))
  return to - from
}

export function readThrough(target: Target, items: Items, from: number, to: number): number {
  let found = 0
  for (let i = from; i < to; i++) {
    const key = keyOf(items[i]!)
    if (target.get(key) !== undefined) found++
    else target.set(key, values[i % VALUES])
  }
  return found
}

/** Of a hundred operations 90 get, 9 set, 1 deletes; `draws` are random bytes. */
export function mixed(target: Target, items: Items, from: number, to: number, draws: Uint8Array): number {
  let found = 0
  for (let i = from; i < to; i++) {
    const key = keyOf(items[i]!)
    const draw = draws[i]!
    if (draw >= 10) {
      if (target.get(key) !== undefined) found++
    } else if (draw > 0) target.set(key, values[i % VALUES])
    else target.delete!(key)
  }
  return found
}

export function setZero(target: Target, items: Items): void {
  for (const item of items) target.set(keyOf(item), 0)
}

export function increment(target: Target, items: Items, from: number, to: number): number {
  let found = 0
  for (let i = from; i < to; i++) if ((target.incr!(keyOf(items[i]!)) as number) > 0) found++
  return found
}

/** What a counter takes where a cache has none. */
export function getAddSet(target: Target, items: Items, from: number, to: number): number {
  let found = 0
  for (let i = from; i < to; i++) {
    const key = keyOf(items[i]!)
    const sum = (target.get(key) as number) + 1
    target.set(key, sum)
    if (sum > 0) found++
  }
  return found
}

/** A namespace by string prefix, for peers that have none of their own. */
export class Prefixed implements Target {
  readonly #target: Target
  readonly #prefix: string

  constructor(target: Target, name: string) {
    this.#target = target
    this.#prefix = `${name}:`
  }

  get(key: unknown): unknown {
    return this.#target.get(this.#prefix + key)
  }

  set(key: unknown, value: unknown): void {
    this.#target.set(this.#prefix + key, value)
  }
}
