import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cache, type CacheOptions } from 'nearcache'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordTrace } from '../../src/trace/index.ts'
import { nearcache } from '../cli/command.ts'
import { skewed } from '../cli/traces.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearcache-round-trip-'))
})
afterAll(() => rm(folder, { recursive: true }))

const keys = skewed(30_000, 3_000)

describe('a simulated cache has the hits of the one that was recorded', () => {
  test.each([
    ['trace.txt', 'adaptive', {}],
    ['trace.txt.gz', 'lru', {}],
    ['trace.txt.br', 'adaptive', { keys: 'plain' }],
    ['times.txt.gz', 'lru', { times: true }],
  ] as const)('%s, %s, %j', async (name, policy, options) => {
    const path = join(folder, name)
    const settings: CacheOptions<string, number> = { policy, maxEntries: 200, ttl: Infinity }
    const cache = new Cache(settings)
    const recording = recordTrace(cache, path, options)
    for (const key of keys) cache.getOrSet(`key ${key}`, () => key)
    await recording.stop()

    const { stdout } = await nearcache(['simulate', path, '--sizes', '200', '--json'])
    const { trace, rows } = JSON.parse(stdout)
    expect(trace).toMatchObject({ reads: 30_000, keys: new Set(keys).size })
    expect(rows[0][policy]).toBe(cache.stats().hitRatio)
    cache.close()
  })
})

test('a recording with weights foretells the hits of a cache bounded by bytes, though misses know none', async () => {
  const path = join(folder, 'weights.txt.gz')
  const settings = { policy: 'lru', ttl: Infinity } as const
  const roomy = new Cache<number, string>({ ...settings, maxEntries: 5_000 })
  const value = (key: number): string => 'x'.repeat(100 + (key % 7) * 400)
  const recording = recordTrace(roomy, path, { weights: true })
  for (const key of keys) roomy.getOrSet(key, () => value(key))
  await recording.stop()
  const bounded = new Cache<number, string>({ ...settings, maxBytes: 400_000 })
  for (const key of keys) bounded.getOrSet(key, () => value(key))

  const { stdout } = await nearcache(['simulate', path, '--sizes', '400000', '--json'])
  const { trace, rows } = JSON.parse(stdout)
  expect(trace).toMatchObject({ reads: 30_000, unit: 'bytes' })
  expect(Math.abs(rows[0].lru - bounded.stats().hitRatio)).toBeLessThan(0.01)
  const text = await nearcache(['simulate', path, '--sizes', '200000,400000', '--quiet'])
  expect(text.stdout).toContain('maxBytes:')
  for (const cache of [roomy, bounded]) cache.close()
})

test('a sample foretells what the whole does', async () => {
  const path = join(folder, 'sample.txt')
  const cache = new Cache<number, number>({ policy: 'lru', maxEntries: 1000, ttl: Infinity })
  const many = skewed(100_000, 20_000)
  const recording = recordTrace(cache, path, { sample: 0.25 })
  for (const key of many) cache.getOrSet(key * 7919, () => key)
  await recording.stop()

  const { stdout } = await nearcache(['simulate', path, '--sizes', '1000', '--json'])
  const { trace, rows } = JSON.parse(stdout)
  expect(trace.sample).toBe(0.25)
  expect(trace.keys / new Set(many).size).toBeCloseTo(1, 0)
  expect(Math.abs(rows[0].lru - cache.stats().hitRatio)).toBeLessThan(0.15)
  cache.close()
})
