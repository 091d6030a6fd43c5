import { describe, expect, test } from 'vitest'
import { hasServer } from '../support/server.ts'
import { chaos } from './run.ts'

describe.skipIf(!hasServer)('real processes on a real server (skipped where there is none)', () => {
  // Longer: npm run chaos:tiers -- 600 6
  test('serve nothing that was invalidated longer ago than the bound, and wait no longer than their limits, whatever is killed, stopped, cut off or emptied', {
    timeout: 120_000,
  }, async () => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
    const report = await chaos({ seed, time: 6000, workers: 3 })
    expect(report.violations, `SEED=${seed}`).toEqual([])
    expect(report.reads).toBeGreaterThan(100)
    expect(report.acknowledged).toBeGreaterThan(0)
  })
})
