import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Fault } from '../../src/engine/faults.ts'
import { Outage } from '../../src/tiers/outage.ts'
import { Requests } from '../../src/tiers/requests.ts'
import { Wire } from './buses/wire.ts'
import { Fleet } from './support/fleet.ts'

let fleet: Fleet
let faults: Fault[]
const onError = (_error: unknown, fault: Fault): void => void faults.push(fault)
const told = (): string[] => faults.map(({ kind, error }) => `${kind}: ${(error as Error).message}`)
const codes = (): unknown[] => faults.map(({ error }) => (error as { code?: string }).code)

/** A store without a log. */
class Store {
  readonly entries = new Map<string, Uint8Array>()
  isDown = false
  readonly get = (key: string) => this.#ask(() => this.entries.get(key))
  readonly set = (key: string, bytes: Uint8Array) => this.#ask(() => void this.entries.set(key, bytes))
  readonly delete = (keys: readonly string[]) =>
    this.#ask(() => keys.forEach((key) => void this.entries.delete(key)))

  async #ask<T>(run: () => T): Promise<T> {
    if (this.isDown) throw new Error('refused')
    return run()
  }
}

afterEach(() => {
  vi.restoreAllMocks()
})

beforeEach(() => {
  fleet = new Fleet()
  faults = []
})

describe('84. a second tier that is away', () => {
  test('is told of once, and once when it is back, with what was sent and heard meanwhile, and no more of messages', async () => {
    const one = await fleet.process({ onError, ttl: '1h' })
    await one.set('held', 1)
    fleet.server = 'refuses'
    for (let i = 0; i < 20; i++) void one.delete(`k${i}`)
    void one.deleteByTag('t')
    await fleet.pass(8000)
    expect(told()).toEqual([
      expect.stringMatching(/^tier: users: the second tier has failed 5 times in a row/),
    ])
    fleet.server = 'answers'
    fleet.pushes = false
    const other = await fleet.process()
    for (let i = 0; i < 30; i++) await other.delete(`o${i}`)
    await fleet.pass(3000)
    expect(told().slice(1)).toEqual([
      expect.stringMatching(
        /^tier: users: the second tier answers again after \d+ s; keys and tags that had waited, sent since: 21; messages of others, heard since: 30; nothing was missed$/,
      ),
    ])
    expect(codes()).toEqual(['UNREACHABLE', 'REACHABLE'])
    expect(faults[1]).toMatchObject({ kind: 'tier', cache: 'tiered:users', count: 2 })
    await fleet.pass(60_000)
    expect(faults).toHaveLength(2)
  })

  test('and has lost what it knew: the end tells how many messages were lost, or that nobody can tell', async () => {
    const cache = await fleet.process({ onError })
    await cache.set('held', 1)
    const replica = fleet.model.copy()
    for (const key of ['a', 'b', 'c']) await cache.delete(key)
    fleet.server = 'refuses'
    await fleet.pass(6000)
    fleet.model = replica
    fleet.server = 'answers'
    await fleet.pass(4000)
    expect(codes()).toEqual(['UNREACHABLE', 'REACHABLE'])
    expect(told()[1]).toMatch(
      /sent since: 0; messages of others, heard since: 0; messages that it had lost, sent again: 3; more may have been missed, so everything held here was given up$/,
    )
    expect(cache.stats().remote.repairs).toBe(1)
    expect(cache.get('held')).toBeUndefined()
  })

  test('from the start of the process on has lost nothing that this process had', async () => {
    fleet.server = 'refuses'
    await fleet.process({ onError })
    await fleet.pass(8000)
    fleet.server = 'answers'
    await fleet.pass(3000)
    expect(codes()).toEqual(['UNREACHABLE', 'REACHABLE'])
    expect(told()[1]).toMatch(/; nothing was missed$/)
  })

  test('again before all is made up for goes on being away', async () => {
    const cache = await fleet.process({ onError })
    fleet.server = 'refuses'
    for (let i = 0; i < 5; i++) void cache.delete('a')
    await fleet.pass(6000)
    for (let i = 0; i < 3; i++) {
      // Requests are executed, and not answered: the log is not proven, and what waits goes on waiting.
      fleet.server = 'executes silently'
      await fleet.pass(2000)
      fleet.server = 'refuses'
      await fleet.pass(8000)
    }
    expect(codes()).toEqual(['UNREACHABLE'])
    fleet.server = 'answers'
    await fleet.pass(4000)
    expect(codes()).toEqual(['UNREACHABLE', 'REACHABLE'])
  })

  test('when the cache is closed is never told to be back', async () => {
    const cache = await fleet.process({ onError })
    fleet.server = 'refuses'
    await fleet.pass(8000)
    const closed = cache.close()
    fleet.server = 'answers'
    await fleet.pass(4000)
    await closed
    expect(codes()).toEqual(['UNREACHABLE'])
  })
})

test('84. a bus that is down is a fault of its own kind, once, and once when it is back, with what nobody can tell any more', async () => {
  const wire = new Wire()
  const one = await fleet.process({ remote: wire.bus(), onError })
  const other = await fleet.process({ remote: wire.bus() })
  await fleet.pass(1000)
  await one.getOrLoad('a', () => 1)
  wire.loses = () => true
  void one.delete('b')
  await fleet.pass(30_000)
  expect(told()).toEqual([expect.stringMatching(/^bus: users: the bus has failed 5 times in a row/)])
  void other.delete('a')
  wire.loses = () => false
  await fleet.pass(5000)
  expect(told().slice(1)).toEqual([
    expect.stringMatching(
      /^bus: users: the bus answers again after \d+ s; keys and tags that had waited, sent since: 1; .*; more may have been missed, so everything held here was given up$/,
    ),
  ])
  expect(one.get('a')).toBeUndefined()
  await fleet.pass(60_000)
  expect(codes()).toEqual(['UNREACHABLE', 'REACHABLE'])
})

test('80. the kinds tier, bus and codec tell apart what failed, with the key where it was one', async () => {
  const push = { listen: () => Promise.reject(new Error('no channel')) }
  const cache = await fleet.process<string | number>({ onError, push, maxValueBytes: 50, maxQueued: 3 })
  expect(told()).toEqual(['bus: no channel'])
  faults = []
  await cache.set('large', 'x'.repeat(100))
  await cache.namespace('n').set(7, 'x'.repeat(100))
  expect(faults).toMatchObject([
    { kind: 'codec', key: 'large', count: 1 },
    { kind: 'codec', key: 7, count: 2 },
  ])
  faults = []
  fleet.server = 'is silent'
  for (let i = 0; i < 5; i++) void cache.delete(`k${i}`)
  await fleet.pass(1000)
  expect(told()[0]).toMatch(/^tier: users: more than 3 invalidations wait to be sent/)
  expect(Object.keys(cache.stats().faults).sort()).toEqual(['bus', 'codec', 'tier'])
})

test('80. codec: a value that the serializer cannot read is told with its key; one of another serializer is a miss', async () => {
  const serializer = (isBroken: boolean, id = 3) => ({
    id,
    encode: (value: unknown) => Buffer.from(String(value)),
    decode(bytes: Uint8Array): unknown {
      if (isBroken) throw new Error('cannot be read')
      return Buffer.from(bytes).toString()
    },
  })
  const one = await fleet.process({ serializer: serializer(false) })
  await one.set('a', 'text')
  const foreign = await fleet.process({ serializer: serializer(false, 4), onError })
  expect(await foreign.lookup('a')).toBeUndefined()
  expect(faults).toEqual([])
  const broken = await fleet.process({ serializer: serializer(true), onError })
  expect(await broken.getOrLoad('a', () => 'loaded')).toBe('loaded')
  expect(faults).toMatchObject([{ kind: 'codec', key: 'a', error: new Error('cannot be read'), count: 1 }])
})

test('84. a store without a log that refuses writes costs no turn of the event loop, and what waited is done when it is back', async () => {
  const store = new Store()
  const cache = await fleet.process({ remote: store, onError })
  await cache.set('k1', 1)
  await cache.set('held', 1)
  store.isDown = true
  for (let i = 0; i < 8; i++) void cache.delete(`k${i}`)
  await fleet.pass(3000)
  expect(codes()).toEqual(['UNREACHABLE'])
  expect([cache.get('held'), store.entries.size]).toEqual([1, 2])
  store.isDown = false
  await fleet.pass(3000)
  expect([await cache.lookup('k1'), cache.get('held'), store.entries.size]).toEqual([undefined, 1, 1])
  expect(cache.stats().remote.queued).toBe(0)
})

test('84. a store without a log that does not answer is away until it does, though nobody reads', async () => {
  const asked = vi.spyOn(Requests.prototype, 'ask')
  const begun = vi.spyOn(Outage.prototype, 'begin')
  const store = new Store()
  const cache = await fleet.process({ remote: store, onError })
  await cache.set('held', 1)
  store.isDown = true
  for (let i = 0; i < 8; i++) await Promise.all([cache.lookup(`k${i}`), fleet.pass(10)])
  const [requests] = asked.mock.contexts as Requests[]
  const [outage] = begun.mock.contexts as Outage[]
  for (let second = 1; second < 20; second++) {
    await fleet.pass(1000)
    expect(requests!.isAway, `after ${second} s`).toBe(true)
  }
  expect(outage!.lasts).toBeGreaterThan(18_000)
  expect([codes(), cache.get('held')]).toEqual([['UNREACHABLE'], 1])
  store.isDown = false
  await fleet.pass(3000)
  expect([requests!.isAway, outage!.lasts]).toEqual([false, undefined])
  expect(codes()).toEqual(['UNREACHABLE', 'REACHABLE'])
})
