import { describe, expect, test } from 'vitest'
import { growth, memoryOf, type Sample } from './memory.ts'

const minute = 60_000
const samples = (minutes: number, megabytes: (share: number) => number): Sample[] =>
  Array.from({ length: 101 }, (_, i) => ({
    at: 5000 + (i * minutes * minute) / 100,
    bytes: 1e6 * megabytes(i / 100),
  }))

describe('the memory of processes in chaos', () => {
  test('is that of the one that lived longest: medians of its second and its last quarter', () => {
    const long = samples(10, (share) => (share < 0.25 ? 90 : share <= 0.5 ? 20 : share < 0.75 ? 90 : 21))
    expect(memoryOf([samples(1, () => 50), long, []])).toEqual({ minutes: 10, early: 20, late: 21 })
  })

  test('that grows all the time is a violation', () => {
    expect(growth(memoryOf([samples(10, (share) => 20 + 20 * share)]))).toBe(
      'MEMORY: 27.6 MB in the second quarter of 10 minutes, 37.6 MB in the last',
    )
  })

  test('that grows in the first quarter alone, or has peaks, is none', () => {
    expect(growth(memoryOf([samples(10, (share) => Math.min(20, 5 + 100 * share))]))).toBeUndefined()
    let i = 0
    expect(growth(memoryOf([samples(10, () => (i++ % 3 === 0 ? 80 : 20))]))).toBeUndefined()
  })

  test('may be a tenth and 2 MB above, and no more', () => {
    expect(growth({ minutes: 10, early: 20, late: 24 })).toBeUndefined()
    expect(growth({ minutes: 10, early: 20, late: 24.1 })).toMatch(/^MEMORY/)
  })

  test('of less than two minutes, or of nobody, is not judged', () => {
    expect(growth({ minutes: 1.9, early: 10, late: 100 })).toBeUndefined()
    expect(growth(memoryOf([]))).toBeUndefined()
  })
})
