import { type ManualClock, manualClock } from './clock.ts'
import type { Statement } from './statement.ts'
import { boundsStatements } from './statements/bounds.ts'
import { closeStatements } from './statements/close.ts'
import { collectionStatements } from './statements/collection.ts'
import { computingStatements } from './statements/computing.ts'
import { countersStatements } from './statements/counters.ts'
import { errorsStatements } from './statements/errors.ts'
import { namespacesStatements } from './statements/namespaces.ts'
import { operationsStatements } from './statements/operations.ts'
import { policiesStatements } from './statements/policies.ts'
import { protectStatements } from './statements/protect.ts'
import { removalsStatements } from './statements/removals.ts'
import { statsStatements } from './statements/stats.ts'
import { tagsStatements } from './statements/tags.ts'
import { timeStatements } from './statements/time.ts'
import { valuesStatements } from './statements/values.ts'
import type { ContractCache, ContractOptions } from './subject.ts'

/** One test of the contract, for any test runner. */
export interface ContractCase {
  /** The number of its statement in the contract. */
  readonly number: number
  /** What holds. */
  readonly name: string
  /** Makes a cache and tries it. Rejects with an error that says what was expected and what came. Needs no `this`. */
  readonly run: () => Promise<void>
}

const statements: readonly Statement[] = [
  ...valuesStatements,
  ...timeStatements,
  ...operationsStatements,
  ...countersStatements,
  ...computingStatements,
  ...collectionStatements,
  ...boundsStatements,
  ...policiesStatements,
  ...namespacesStatements,
  ...tagsStatements,
  ...removalsStatements,
  ...statsStatements,
  ...closeStatements,
  ...protectStatements,
  ...errorsStatements,
].sort((a, b) => a.number - b.number)

/**
 * The contract of a cache as tests. `create` makes a cache with the options of a case; statements about methods that it does not
 * have are left out, for which one is made at once. The caches are not closed.
 *
 * `clock` makes the clock of a case: by default one that is passed to the cache as the option `clock`. For a cache that takes none,
 * give one that moves the fake timers of your test runner.
 */
export function contractCases(
  create: (options: ContractOptions) => ContractCache,
  clock: () => ManualClock = manualClock,
): ContractCase[] {
  const sample = create({ clock: clock().now })
  return statements
    .filter(({ needs }) => needs.every((method) => method in sample))
    .map(({ number, name, attempt }) => ({
      number,
      name,
      run: async () => {
        const time = clock()
        const open = (options?: Partial<ContractOptions>) =>
          create({ clock: time.now, ...options }) as Required<ContractCache>
        await attempt({ clock: time, open: open as never })
      },
    }))
}
