import { expect, test } from 'vitest'
import { load } from '../world/mutants.ts'
import { type Profile, playBus } from './world.ts'

/** What keeps caches over a bus true, in a file of src/tiers/, and what stands in its place when it is switched off. */
const mutants: [what: string, file: string, from: string, to: string, profile: Profile][] = [
  [
    'what is missing is distrust',
    'bus-link.ts',
    "if (isMissing) this.#missed()\n    if (kind === 'hello')",
    "if (kind === 'hello')",
    'lossy',
  ],
  [
    'beats tell the number',
    'bus-link.ts',
    "kind === 'invalidation' ? number - 1 : number",
    'number - 1',
    'lossy',
  ],
]

test.each(mutants)(
  'without the mechanism "%s" the simulated bus finds something that must not be',
  { timeout: 120_000 },
  async (_, file, from, to, profile) => {
    const product = await load({ file, from, to, profile: 'calm', seed: 1 })
    for (let seed = 1; seed <= 60; seed++)
      if ((await playBus(product, seed, profile)).violations.length > 0) return
    expect.unreachable('nothing was found')
  },
)
