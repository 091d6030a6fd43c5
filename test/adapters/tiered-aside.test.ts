import { beforeEach, describe, expect, test } from 'vitest'
import { TieredAside } from '../../src/adapters/tiered-aside.ts'
import type { TieredCache } from '../../src/tiers/tiered-cache.ts'
import { Fleet } from '../tiers/support/fleet.ts'

describe('TieredAside', () => {
  let fleet: Fleet
  let here: TieredCache<string, string>
  let there: TieredCache<string, string>
  let aside: TieredAside<string>

  beforeEach(async () => {
    fleet = new Fleet()
    here = await fleet.process<string, string>()
    there = await fleet.process<string, string>()
    aside = new TieredAside(here)
  })

  test('what was put is found here and in other processes, with its tags', async () => {
    expect(await aside.get('a')).toBe(undefined)
    aside.put('a', 'value', { tags: ['t'] })
    await fleet.settle()
    expect([await aside.get('a'), await there.lookup('a')]).toEqual(['value', 'value'])
    await there.deleteByTag('t')
    await fleet.settle()
    expect(await aside.get('a')).toBe(undefined)
  })

  test.each([
    ['delete', () => there.delete('a')],
    ['deleteByTag', () => there.deleteByTag('t')],
    ['clear', () => there.clear()],
    ['update', () => there.update('a', () => 'new')],
  ])('a %s in another process between the miss and the result keeps the result out', async (_, remove) => {
    await aside.get('a')
    await remove()
    await fleet.settle()
    aside.put('a', 'old', { tags: ['t'] })
    await fleet.settle()
    expect([here.get('a'), await there.lookup('a')]).not.toContain('old')
    expect(await here.lookup('a')).not.toBe('old')
  })

  test('the same where this process has not heard of it: the second tier refuses the result', async () => {
    fleet.pushes = false
    await aside.get('a')
    await there.delete('a')
    aside.put('a', 'old')
    await fleet.settle()
    expect(await there.lookup('a')).toBe(undefined)
    // Kept here until the log is read.
    await fleet.pass(1100)
    expect(await here.lookup('a')).toBe(undefined)
  })

  test('however readers interleave, none stores what was read before an invalidation, and the others do again', async () => {
    await aside.get('a')
    await there.delete('a')
    await fleet.settle()
    await aside.get('a')
    aside.put('a', 'of either')
    await fleet.settle()
    expect(here.get('a')).toBe(undefined)
    aside.put('a', 'of the other')
    await fleet.settle()
    expect(await there.lookup('a')).toBe(undefined)
    await aside.get('a')
    aside.put('a', 'new')
    await fleet.settle()
    expect(await there.lookup('a')).toBe('new')
  })

  test('a read that nothing is heard of keeps results out for a minute at most, however often the key is asked for', async () => {
    await aside.get('a')
    await there.delete('a')
    await fleet.settle()
    const kept: boolean[] = []
    for (let second = 0; second < 70; second += 10) {
      await aside.get('a')
      aside.put('a', `read at ${second}`)
      kept.push(here.has('a'))
      await here.delete('a')
      await fleet.pass(10_000)
    }
    expect(kept).toEqual([false, false, false, false, false, false, false])
    await aside.get('a')
    aside.put('a', 'new')
    expect(here.get('a')).toBe('new')
  })

  test('what nobody asked for is not stored, since nobody knows when it was read', async () => {
    aside.put('a', 'value')
    expect(here.has('a')).toBe(false)
  })
})
