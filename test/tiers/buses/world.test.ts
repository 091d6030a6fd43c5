import { expect, test } from 'vitest'
import * as product from '../../../src/tiers/tiered-cache.ts'
import { type Profile, playBus } from './world.ts'

const schedules: [Profile, number][] = [
  ['calm', 10],
  ['lossy', 30],
  ['storm', 60],
]
/** Other seeds on each day; a failure names its own. */
const from = Number(process.env.SEED ?? 100_000 + 100 * Math.floor(Date.now() / 86_400_000))

test.each(schedules)(
  'over a bus no read gives what was invalidated longer ago than its bound (%s, %i schedules)',
  { timeout: 120_000 },
  async (profile, count) => {
    const found: string[] = []
    let [reads, distrusts] = [0, 0]
    for (let seed = from; seed < from + count; seed++) {
      const played = await playBus(product, seed, profile)
      reads += played.reads
      distrusts += played.distrusts
      if (played.violations.length > 0)
        found.push(`SEED=${seed}: ${[...new Set(played.violations)].join('; ')}`)
    }
    expect(found).toEqual([])
    expect(reads).toBeGreaterThan(300 * count)
    if (profile !== 'calm') expect(distrusts).toBeGreaterThan(count)
  },
)
