import * as product from '../../../src/tiers/tiered-cache.ts'
import type { Profile } from './profiles.ts'
import { play } from './world.ts'

/*
 * Schedules of the simulated world, many of them or one told step by step:
 *
 *   npm run simulate:tiers -- 20000          as many schedules: 20 % calm, 20 % lossy, 30 % storm, 10 % of each other profile
 *   npm run simulate:tiers -- 17 storm       one schedule, with what happens in it
 *
 * With `--from 5001` the seeds begin there.
 */

const isProfile = (name: string | undefined): name is Profile =>
  ['calm', 'lossy', 'storm', 'split', 'sleep', 'quiet'].includes(name ?? '')
// The product makes errors by the thousand that nobody looks at.
Error.stackTraceLimit = 3
const [first = '2000', profile] = process.argv.slice(2)
if (isProfile(profile)) {
  const violations = await play(product, Number(first), profile, undefined, true)
  console.log(violations.length === 0 ? 'no violation' : violations.join(' '))
} else {
  const at = process.argv.indexOf('--from')
  const from = at < 0 ? 1 : Number(process.argv[at + 1])
  const started = performance.now()
  const shares: [Profile, number][] = [
    ['calm', 0.2],
    ['lossy', 0.2],
    ['storm', 0.3],
    ['split', 0.1],
    ['sleep', 0.1],
    ['quiet', 0.1],
  ]
  let bad = 0
  for (const [name, share] of shares) {
    const end = from + Math.round(Number(first) * share)
    for (let seed = from; seed < end; seed++) {
      const violations = await play(product, seed, name)
      if (violations.length === 0) continue
      bad++
      console.log(`${name} seed ${seed}: ${[...new Set(violations)].join(' ')}`)
    }
  }
  const seconds = (performance.now() - started) / 1000
  console.log(`${first} schedules, ${bad} with violations (${seconds.toFixed(0)} s)`)
  if (bad > 0) process.exitCode = 1
}
