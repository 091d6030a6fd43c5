import { afterEach, beforeEach, describe, it, vi } from 'vitest'
import { type ContractOptions, contractCases } from '../../src/testing/index.ts'
import { open, settings } from './support.ts'

describe.each(settings)('the contract: $title', (setting) => {
  for (const { number, name, run } of contractCases((options) => open(setting, options)))
    it(`${number}. ${name}`, run)
})

describe('the contract, by a wall clock that is moved', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const wallClock = () => ({
    now: () => Date.now(),
    advance: (ms: number) => vi.setSystemTime(Date.now() + ms),
    jump: (to: number) => vi.setSystemTime(to),
  })
  const create = ({ clock: _, ...options }: ContractOptions) => open(settings[0]!, options)
  for (const { number, name, run } of contractCases(create, wallClock)) {
    // Fake dates hold whole milliseconds.
    if (!name.includes('fractions')) it(`${number}. ${name}`, run)
  }
})
