import { beforeEach, describe, expect, test } from 'vitest'
import { deferred } from '../support/deferred.ts'
import { Fleet } from './support/fleet.ts'

let fleet: Fleet
beforeEach(() => {
  fleet = new Fleet()
})

test('an idle process sends one pull a beat, and nothing else', async () => {
  const cache = await fleet.process({ beat: '1s' })
  await cache.getOrLoad('a', () => 1)
  await fleet.settle()
  fleet.requests.length = 0
  await fleet.pass(60_000)
  expect(fleet.requests).toEqual(Array(60).fill('pull'))
})

describe('74. stats() counts', () => {
  test('hits and misses of the second tier, key by key', async () => {
    const [one, other] = [await fleet.process(), await fleet.process()]
    await one.getOrLoad('a', () => 1)
    await one.lookupMany(['b', 'c'])
    await other.lookupMany(['a', 'b'])
    other.get('a')
    expect(one.stats().remote).toMatchObject({ hits: 0, misses: 3 })
    expect(other.stats().remote).toMatchObject({ hits: 1, misses: 1 })
  })

  test('results of loads that were stored or refused, by the reason', async () => {
    const [one, other] = [await fleet.process(), await fleet.process()]
    fleet.pushes = false
    const during = async (key: string, change: () => unknown): Promise<void> => {
      const source = deferred<number>()
      const load = other.getOrLoad(key, () => source.promise)
      await fleet.settle()
      await change()
      source.resolve(1)
      await load
      await fleet.settle()
    }
    const fills = { stored: 0, unknown: 0, old: 0, overtaken: 0, newer: 0, full: 0 }
    expect(other.stats().remote.fills).toEqual(fills)
    await during('a', () => {})
    expect(other.stats().remote.fills).toEqual({ ...fills, stored: 1 })
    await during('b', () => one.delete('b'))
    expect(other.stats().remote.fills).toEqual({ ...fills, stored: 1, overtaken: 1 })
    await during('c', async () => {
      fleet.now += 10
      await one.getOrLoad('c', () => 2)
      await fleet.settle()
    })
    expect(other.stats().remote.fills).toEqual({ ...fills, stored: 1, overtaken: 1, newer: 1 })
    await during('d', () => one.deleteMany(Array.from({ length: 101 }, (_, i) => `other ${i}`)))
    expect(other.stats().remote.fills).toEqual({ ...fills, stored: 1, overtaken: 1, newer: 1, old: 1 })
    await during('e', () => {
      fleet.model = fleet.empty()
    })
    expect(other.stats().remote.fills).toEqual({
      ...fills,
      ...{ stored: 1, overtaken: 1, newer: 1, old: 1, unknown: 1 },
    })
  })

  test('messages sent, acknowledged, received and queued, and how often the store was given up', async () => {
    const [one, other] = [await fleet.process(), await fleet.process()]
    await one.delete('a')
    expect(one.stats().remote).toMatchObject({ sent: 1, acknowledged: 1, received: 1, queued: 0 })
    expect(other.stats().remote).toMatchObject({ sent: 0, acknowledged: 0, received: 1, queued: 0 })
    fleet.server = 'refuses'
    void one.delete('b')
    await fleet.settle()
    expect(one.stats().remote).toMatchObject({ acknowledged: 1, queued: 1, breakerOpenings: 0 })
    await fleet.pass(10_000)
    expect(one.stats().remote).toMatchObject({ queued: 1, breakerOpenings: 1 })
    fleet.server = 'answers'
    await fleet.pass(3000)
    const { sent, acknowledged, sentAgain, queued } = one.stats().remote
    expect({ acknowledged, queued }).toEqual({ acknowledged: 2, queued: 0 })
    expect(sentAgain).toBeGreaterThan(0)
    expect(sent).toBeGreaterThanOrEqual(2)
  })

  test('pulls, pushes that left a gap, and the time since the last proof', async () => {
    const [one, other] = [await fleet.process(), await fleet.process()]
    const before = other.stats().remote.pulls
    expect(other.stats().remote.gaps).toBe(0)
    fleet.pushes = false
    await one.delete('a')
    fleet.pushes = true
    await one.delete('b')
    await fleet.settle()
    expect(other.stats().remote).toMatchObject({ gaps: 1, pulls: before + 1, received: 2 })
    await fleet.pass(1400)
    expect(other.stats().remote).toMatchObject({ pulls: before + 2, knownFor: 400 })
    expect(fleet.start().stats().remote.knownFor).toBe(Infinity)
  })

  test('anchorings, what was distrusted, and what was sent again for the store that had lost it', async () => {
    const [one, other] = [await fleet.process(), await fleet.process()]
    expect(one.stats().remote).toMatchObject({ anchorings: 1, repairs: 0 })
    const { distrusts } = one.stats().remote
    const replica = fleet.model.copy()
    fleet.pushes = false
    await one.delete('a')
    fleet.model = replica
    fleet.pushes = true
    await fleet.pass(2500)
    expect(one.stats().remote).toMatchObject({ anchorings: 2, repairs: 1, distrusts: distrusts + 1 })
    expect(other.stats().remote).toMatchObject({ anchorings: 1, repairs: 0 })
  })
})
