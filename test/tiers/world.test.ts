import { expect, test } from 'vitest'
import * as product from '../../src/tiers/tiered-cache.ts'
import type { Profile } from './world/profiles.ts'
import { play } from './world/world.ts'

/** More of them run by `npm run simulate:tiers -- 20000`. */
const schedules: [Profile, number][] = [
  ['calm', 15],
  ['lossy', 15],
  ['storm', 95],
  ['split', 25],
  ['sleep', 25],
  ['quiet', 25],
]
/** Other seeds on each day, so that in time many are met; a failure names its own. */
const from = Number(process.env.SEED ?? 100_000 + 200 * Math.floor(Date.now() / 86_400_000))

test.each(schedules)(
  '49, 50, 51. no read gives what was invalidated longer ago than its bound, whatever happens (%s, %i schedules)',
  { timeout: 120_000 },
  async (profile, count) => {
    const found: string[] = []
    for (let seed = from; seed < from + count; seed++) {
      const violations = await play(product, seed, profile)
      if (violations.length > 0) found.push(`SEED=${seed}: ${[...new Set(violations)].join(' ')}`)
    }
    expect(found).toEqual([])
  },
)

/** Schedules in which a process misses much, and hears of it late. */
const hard: [Profile, number][] = [['quiet', 1_018_078]]

test.each(hard)(
  '49. no read gives what was invalidated longer ago than its bound in a hard schedule (%s, seed %i)',
  async (profile, seed) => {
    expect(await play(product, seed, profile)).toEqual([])
  },
)
