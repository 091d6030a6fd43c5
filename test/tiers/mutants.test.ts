import { expect, test } from 'vitest'
import { findingOf, mutants } from './world/mutants.ts'

test.each(Object.entries(mutants))(
  'without the mechanism "%s" the simulated world finds something that must not be',
  { timeout: 120_000 },
  async (_, mutant) => {
    expect(await findingOf(mutant)).not.toEqual([])
  },
)
