import type { ManualClock } from './clock.ts'
import type { ContractOptions, Method, With } from './subject.ts'

/** Where a statement is tried. */
export interface Scene<M extends Method> {
  readonly clock: ManualClock
  /** A new cache that goes by the clock. */
  open(options?: Partial<ContractOptions>): With<M>
}

/** What the contract says, and how to see whether it holds. */
export interface Statement {
  readonly number: number
  readonly name: string
  /** The methods that a cache must have to be asked. */
  readonly needs: readonly Method[]
  readonly attempt: (scene: Scene<never>) => void | Promise<void>
}

/** A statement under its number in the contract. The compiler sees that `needs` names all that it calls. */
export function statement<const M extends Method = never>(
  number: number,
  name: string,
  needs: readonly M[],
  attempt: (scene: Scene<M>) => void | Promise<void>,
): Statement {
  return { number, name, needs, attempt: attempt as Statement['attempt'] }
}
