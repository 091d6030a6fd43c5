/**
 * The measured loops. This module is loaded once for every peer and kind of key, so that each has machine code of its own: a loop
 * that had seen several peers would call all of them slowly. Every loop counts what it found, which also keeps it from being
 * optimised away.
 */
import type { Target } from './peers.ts'

export type Loops = typeof import('./loops.ts')

export function get(target: Target, keys: readonly unknown[], from: number, to: number): number {
  let found = 0
  for (let i = from; i < to; i++) if (target.get(keys[i]) !== undefined) found++
  return found
}

export function set(
  target: Target,
  keys: readonly unknown[],
  from: number,
  to: number,
  values: readonly unknown[],
): number {
  for (let i = from; i < to; i++) target.set(keys[i], values[i & 1023])
  return to - from
}

export function readThrough(
  target: Target,
  keys: readonly unknown[],
  from: number,
  to: number,
  values: readonly unknown[],
): number {
  let found = 0
  for (let i = from; i < to; i++) {
    const key = keys[i]
    if (target.get(key) !== undefined) found++
    else target.set(key, values[i & 1023])
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

  delete(key: unknown): void {
    this.#target.delete(this.#prefix + key)
  }
}
