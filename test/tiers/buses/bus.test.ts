import { describe, expect, test } from 'vitest'
import { decodeFrame, encodeFrame } from '../../../src/tiers/bus-frame.ts'
import { type Bus, TieredCache } from '../../../src/tiers/tiered.ts'
import { Fleet } from '../support/fleet.ts'
import { Random } from '../world/random.ts'
import { Wire } from './wire.ts'

const BEAT = 1000
const MAX_STALE = 10_000

async function two(wire = new Wire(), options = {}) {
  const fleet = new Fleet()
  const start = () => fleet.process<string, unknown>({ remote: wire.bus(), ...options })
  const [one, other] = [await start(), await start()]
  await fleet.pass(BEAT)
  return { fleet, wire, one, other, start }
}

const kindOf = (bytes: Uint8Array) => decodeFrame(bytes)?.kind

describe('a cache over a bus', () => {
  test('drops what another process has deleted, tagged out or cleared, and keeps the rest', async () => {
    const { one, other } = await two()
    for (const key of ['a', 'b', 'c'])
      await other.getOrLoad(key, () => key, { tags: key === 'b' ? ['t'] : [] })
    await other.namespace('n').getOrLoad('a', () => 'inner')
    expect(await one.delete('a')).toBe(true)
    expect([...other.keys()]).toEqual(['b', 'c'])
    expect(await one.deleteByTag('t')).toBe(true)
    expect([...other.keys()]).toEqual(['c'])
    await one.namespace('n').clear()
    expect(other.namespace('n').get('a')).toBe(undefined)
    expect(other.get('c')).toBe('c')
    await one.clear()
    expect(other.size).toBe(0)
  })

  test('keeps values as they are, functions and instances included, and no value goes by the bus', async () => {
    const { wire, one } = await two()
    class Session {
      run = () => 1
    }
    const session = new Session()
    expect(await one.getOrLoad('a', () => session)).toBe(session)
    expect(one.get('a')).toBe(session)
    expect(await one.set('b', session)).toBe(true)
    expect(one.get('b')).toBe(session)
    expect(await one.update('c', async () => session)).toBe(session)
    expect(one.get('c')).toBe(session)
    const all = Buffer.concat(wire.sent).toString('latin1')
    expect(all).toContain('sb')
    expect(all).not.toContain('run')
    expect(one.stats().remote).toMatchObject({ hits: 0, misses: 0, malformed: 0 })
    expect(one.stats().remote.fills).toMatchObject({ stored: 0, unknown: 0 })
  })

  test('a set drops the copies of the others and not its own', async () => {
    const { one, other } = await two()
    await other.getOrLoad('a', () => 'old')
    await one.set('a', 'new')
    expect(one.get('a')).toBe('new')
    expect(other.get('a')).toBe(undefined)
  })

  test('a load under way is overtaken by what another process invalidates', async () => {
    const { fleet, one, other } = await two()
    let finish = (_: string): void => {}
    const load = other.getOrLoad('a', () => new Promise<string>((resolve) => (finish = resolve)))
    await fleet.settle()
    await one.delete('a')
    finish('old')
    expect(await load).toBe('old')
    expect(other.get('a')).toBe(undefined)
  })

  test('an invalidation that was lost is found by the next beat: all that is held is distrusted', async () => {
    const { fleet, wire, one, other } = await two()
    await other.getOrLoad('a', () => 'old')
    wire.loses = (listener, bytes) => listener === 1 && kindOf(bytes) === 'invalidation'
    expect(await one.delete('a')).toBe(true)
    expect(other.get('a')).toBe('old')
    wire.loses = () => false
    await fleet.pass(BEAT)
    expect(other.get('a')).toBe(undefined)
    expect(other.stats().remote.distrusts).toBeGreaterThan(0)
  })

  test('what is distrusted may still be given where a load fails', async () => {
    const { fleet, wire, one, other } = await two(new Wire(), { staleIfError: '1h' })
    await other.getOrLoad('a', () => 'old')
    wire.loses = (listener, bytes) => listener === 1 && kindOf(bytes) === 'invalidation'
    await one.delete('b')
    await fleet.pass(BEAT)
    expect(other.get('a')).toBe(undefined)
    expect(await other.getOrLoad('a', () => Promise.reject(new Error('down')))).toBe('old')
  })

  test('who falls silent costs all that is held, once, after maxStale and a beat', async () => {
    const { fleet, wire, other } = await two()
    await other.getOrLoad('a', () => 'old')
    const { distrusts } = other.stats().remote
    const silent = decodeFrame(wire.sent[0]!)!.sender
    wire.loses = (_, bytes) => decodeFrame(bytes)!.sender === silent
    await fleet.pass(MAX_STALE - 2 * BEAT)
    expect(other.get('a')).toBe('old')
    await fleet.pass(3 * BEAT + 1)
    expect(other.get('a')).toBe(undefined)
    await fleet.pass(BEAT)
    expect(other.stats().remote.distrusts).toBeGreaterThan(distrusts)
    await other.getOrLoad('a', () => 'new')
    await fleet.pass(3 * MAX_STALE)
    expect(other.get('a')).toBe('new')
  })

  test('of a process that is heard of only after it has invalidated something is missing', async () => {
    const { fleet, wire, other, start } = await two()
    await other.getOrLoad('a', () => 'old')
    wire.loses = (listener) => listener === 1
    const third = await start()
    expect(await third.delete('a')).toBe(true)
    expect(other.get('a')).toBe('old')
    wire.loses = () => false
    await fleet.pass(BEAT)
    expect(other.get('a')).toBe(undefined)
  })

  test('what has not come back is sent again before the number that tells of it, so that nobody has to distrust', async () => {
    const { fleet, wire, one, other } = await two()
    await other.getOrLoad('a', () => 'old')
    await other.getOrLoad('b', () => 'b')
    wire.loses = (_, bytes) => kindOf(bytes) === 'invalidation'
    const told = one.delete('a')
    await fleet.pass(BEAT / 2)
    wire.loses = () => false
    await fleet.pass(BEAT)
    expect(await told).toBe(true)
    expect(other.get('a')).toBe(undefined)
    expect(other.get('b')).toBe('b')
  })

  test('who closes says so, and costs nothing', async () => {
    const { fleet, one, other } = await two()
    await one.delete('x')
    await other.getOrLoad('a', () => 'a')
    await one.close()
    await fleet.pass(3 * MAX_STALE)
    expect(other.get('a')).toBe('a')
  })

  test('a process that begins does not cost the others what they hold', async () => {
    const { fleet, one, other, start } = await two()
    await one.delete('x')
    await other.getOrLoad('a', () => 'a')
    const third = await start()
    await fleet.pass(BEAT)
    expect(other.get('a')).toBe('a')
    await third.delete('a')
    expect(other.get('a')).toBe(undefined)
  })

  test('while a process does not hear itself, it keeps nothing for longer than maxStale, and its invalidations wait', async () => {
    const { fleet, wire, one, other } = await two()
    await one.getOrLoad('a', () => 'a')
    await other.getOrLoad('b', () => 'b')
    wire.loses = () => true
    const told = one.delete('b')
    await fleet.pass(MAX_STALE + 1)
    expect(await told).toBe(false)
    expect(one.get('a')).toBe(undefined)
    await one.getOrLoad('c', () => 'c')
    expect(one.get('c')).toBe('c')
    await fleet.pass(MAX_STALE)
    expect(one.get('c')).toBe(undefined)
    wire.loses = () => false
    const settled = one.settled()
    await fleet.pass(31_000)
    await settled
    expect(other.get('b')).toBe(undefined)
  })

  test('a connection that was lost is made anew, and what was missed meanwhile is distrusted', async () => {
    const { fleet, wire, one, other } = await two()
    await other.getOrLoad('a', () => 'old')
    wire.break(1)
    expect(await one.delete('a')).toBe(true)
    await fleet.pass(2 * BEAT)
    expect(wire.listeners).toBe(2)
    expect(other.get('a')).toBe(undefined)
    await other.getOrLoad('a', () => 'new')
    await one.delete('a')
    expect(other.get('a')).toBe(undefined)
  })

  test('an attempt to listen of which nothing comes is given up', async () => {
    const { wire, fleet, one } = await two()
    let ends = 0
    let late = (_: () => void): void => {}
    let hangs = true
    const bus = wire.bus()
    const remote: Bus = {
      send: bus.send,
      listen: (...given) => (hangs ? new Promise((resolve) => (late = resolve)) : bus.listen(...given)),
    }
    const cache = fleet.start<string, string>({ remote })
    await fleet.pass(3 * BEAT)
    hangs = false
    await fleet.pass(20 * BEAT)
    await cache.getOrLoad('a', () => 'old')
    await one.delete('a')
    expect(cache.get('a')).toBe(undefined)
    late(() => void ends++)
    await fleet.settle()
    expect(ends).toBe(1)
  })

  test('caches of several names share one bus, and one beat', async () => {
    const fleet = new Fleet()
    const wire = new Wire()
    const bus = wire.bus()
    const users = await fleet.process<string, string>({ name: 'users', remote: bus })
    const pages = await fleet.process<string, string>({ name: 'pages', remote: bus })
    const far = await fleet.process<string, string>({ name: 'users', remote: wire.bus() })
    await users.getOrLoad('a', () => 'a')
    await pages.getOrLoad('a', () => 'a')
    await fleet.pass(BEAT)
    wire.sent.length = 0
    await fleet.pass(BEAT)
    expect(wire.sent.length).toBe(2)
    await far.delete('a')
    expect(users.get('a')).toBe(undefined)
    expect(pages.get('a')).toBe('a')
    await users.close()
    await pages.getOrLoad('b', () => 'b')
    await fleet.pass(3 * MAX_STALE)
    expect(pages.get('b')).toBe('b')
    await pages.close()
    expect(wire.listeners).toBe(1)
  })

  test('what is too much for one message goes in several, and a key that is too long for one clears', async () => {
    const fleet = new Fleet()
    const wire = new Wire()
    const start = () => fleet.process<string, string>({ remote: wire.bus(1024) })
    const [one, other] = [await start(), await start()]
    await fleet.pass(BEAT)
    const keys = Array.from({ length: 300 }, (_, i) => `key number ${i}`)
    for (const key of keys) await other.getOrLoad(key, () => key)
    await other.getOrLoad('rest', () => 'rest')
    expect(await one.deleteMany(keys)).toBe(true)
    expect([...other.keys()]).toEqual(['rest'])
    expect(Math.max(...wire.sent.map((bytes) => bytes.length))).toBeLessThanOrEqual(1024)
    let deep = one as TieredCache<string, string>
    for (let i = 0; i < 10; i++) deep = deep.namespace('n'.repeat(150))
    expect(await deep.delete('a')).toBe(true)
    expect(other.size).toBe(0)
    expect(Math.max(...wire.sent.map((bytes) => bytes.length))).toBeLessThanOrEqual(1024)
  })

  test('bytes that nobody has sent, or were cut or changed, are thrown at no one, and old values are given by no one', async () => {
    const seed = Number(process.env.SEED ?? Date.now() % 1e6)
    const random = new Random(seed)
    const { fleet, wire, one, other } = await two()
    const errors: unknown[] = fleet.errors
    for (let i = 0; i < 2000; i++) {
      const real = wire.sent[random.below(wire.sent.length)]!
      const bytes = Uint8Array.from(real)
      const dice = random.next()
      if (dice < 0.4) bytes[random.below(bytes.length)] = random.below(256)
      else if (dice < 0.5) bytes.fill(255, random.below(bytes.length))
      const given =
        dice < 0.6
          ? bytes
          : dice < 0.8
            ? bytes.subarray(0, random.below(bytes.length))
            : new Uint8Array(random.below(99))
      wire.inject(given)
      if (i % 50 === 0) await one.delete(`k${i % 7}`)
    }
    for (const junk of [undefined, null, 'nc', {}, new Uint8Array(10_000_000), [1]])
      wire.inject(junk as Uint8Array)
    expect(
      errors.every((error) => /cannot be read/.test(String(error))),
      `seed ${seed}`,
    ).toBe(true)
    await fleet.pass(2 * MAX_STALE)
    await other.getOrLoad('a', () => 'old')
    await one.delete('a')
    await fleet.pass(BEAT)
    expect(other.get('a'), `seed ${seed}`).toBe(undefined)
  })

  test('a frame comes back as it was, and a cut one is none', () => {
    const frame = { kind: 'invalidation', sender: 'a1b2c3d4e5f6', number: 2 ** 40, serial: 2 ** 41 } as const
    const bytes = encodeFrame({ ...frame, name: 'users', body: Buffer.from('body') })
    expect(decodeFrame(bytes)).toEqual({ ...frame, name: 'users', body: Buffer.from('body') })
    for (let i = 0; i < bytes.length - 4; i++)
      expect(decodeFrame(bytes.subarray(0, i)), String(i)).toBe(undefined)
  })

  test('a forged number of another process does not blind this one to what it says', async () => {
    const { fleet, wire, one, other } = await two()
    const { sender } = decodeFrame(wire.sent[0]!)!
    wire.inject(
      encodeFrame({ kind: 'beat', sender, number: 1000, serial: 9, name: '', body: new Uint8Array() }),
    )
    await fleet.pass(2 * BEAT)
    await other.getOrLoad('a', () => 'old')
    wire.loses = (listener, bytes) => listener === 1 && kindOf(bytes) === 'invalidation'
    await one.delete('a')
    await fleet.pass(12 * BEAT)
    expect(other.get('a')).toBe(undefined)
  })

  test('options that have no meaning over a bus are refused, and what is no bus', () => {
    const remote: Bus = new Wire().bus()
    const make = (options: object) => () => new TieredCache({ name: 'refused', remote, ...options })
    expect(make({ push: false })).toThrow('push: expected none over a bus, by which no values go')
    expect(make({ serializer: { id: 1, encode: () => new Uint8Array(), decode: () => 1 } })).toThrow(
      'serializer',
    )
    expect(make({ singleFlight: { lease: 1000, wait: 100 } })).toThrow('singleFlight')
    expect(make({ remote: { ...remote, maxBytes: 10 } })).toThrow(
      'remote.maxBytes: expected an integer of at least 1024, got 10',
    )
    expect(make({ remote: { send() {} } })).toThrow('a bus with send and listen')
  })

  test('a bus that cannot be listened to is tried again at each beat, and breaks nothing', async () => {
    const fleet = new Fleet()
    let tries = 0
    const remote: Bus = {
      send: () => Promise.reject(new Error('not connected')),
      listen: async () => {
        tries++
        throw new Error('refused')
      },
    }
    const cache = fleet.start<string, string>({ remote })
    const value = cache.getOrLoad('a', () => 'a')
    await fleet.pass(5 * BEAT)
    expect(await value).toBe('a')
    expect(tries).toBeGreaterThan(4)
    expect(fleet.errors.map(String)).toEqual([expect.stringContaining('refused')])
    const closed = cache.close()
    await fleet.pass(3 * BEAT)
    await closed
  })
})
