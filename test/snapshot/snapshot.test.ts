import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { Cache, type CacheOptions, type Fault } from 'nearcache'
import { restore, save } from 'nearcache/snapshot'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { checkInvariants } from '../support/invariants.ts'
import { snapshotOf, streamed } from '../support/snapshots.ts'

let folder = ''
const START = Date.UTC(2026, 0, 1)

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: START })
  folder = await mkdtemp(join(tmpdir(), 'nearcache-snapshot-'))
})

afterEach(async () => {
  vi.useRealTimers()
  await rm(folder, { recursive: true, force: true })
})

function later(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds)
}

async function copyOf<K, V>(cache: Cache<K, V>, options: CacheOptions<K, V>): Promise<Cache<K, V>> {
  const copy = new Cache<K, V>(options)
  await restore(copy, streamed(await snapshotOf(cache)))
  checkInvariants(copy)
  return copy
}

describe('what a snapshot keeps (73)', () => {
  test('values of all kinds under keys of all kinds, NaN, −0 and __proto__ among them', async () => {
    const cyclic: unknown[] = []
    cyclic.push(cyclic)
    const entries = new Map<unknown, unknown>([
      ['text', 'ä\u2028\ud800"\\\n'],
      ['', null],
      [0, -0],
      [1.5, Number.NaN],
      [Number.NaN, Infinity],
      [true, false],
      [null, Object.assign(new Array(3), { 0: undefined, 2: 1 })],
      [undefined, new Map([[new Date(5), new Set([1n])]])],
      [12345678901234567890n, { at: new Uint8Array([1, 2, 255]), buffer: Buffer.from('x') }],
      ['__proto__', JSON.parse('{"__proto__":{"polluted":1}}')],
      ['cyclic', cyclic],
      ['error', new RangeError('no', { cause: 1 })],
    ])
    const cache = new Cache()
    cache.setMany(entries)
    const copy = await copyOf(cache, {})
    expect(new Map(copy.entries())).toEqual(new Map(cache.entries()))
    expect(copy.get(0)).toBe(-0)
    expect(Object.hasOwn(copy.get('__proto__') as object, '__proto__')).toBe(true)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test('lifetimes, in wall-clock time: the time that the process was down counts (74)', async () => {
    const cache = new Cache<string, number>({ ttl: '10m' })
    cache.set('a', 1)
    cache.set('soon', 2, { ttl: 60_000 })
    cache.set('ever', 3, { ttl: Infinity })
    later(30_000)
    const bytes = await snapshotOf(cache)
    later(30_000)
    const copy = new Cache<string, number>()
    const { entries, skipped } = await restore(copy, streamed(bytes))
    expect([entries, skipped.expired]).toEqual([2, 1])
    expect([...copy.keys()].sort()).toEqual(['a', 'ever'])
    expect(copy.expiresIn('a')).toBe(540_000)
    expect(copy.expiresIn('ever')).toBe(Infinity)
    later(540_000)
    expect(copy.get('a')).toBeUndefined()
  })

  test('idle time, which runs on while the process is down', async () => {
    const options = { ttl: Infinity, idleTtl: 60_000 }
    const cache = new Cache<string, number>(options)
    cache.set('a', 1)
    cache.set('b', 2)
    later(20_000)
    cache.get('b')
    later(10_000)
    const bytes = await snapshotOf(cache)
    later(30_000)
    const copy = new Cache<string, number>(options)
    const { skipped } = await restore(copy, streamed(bytes))
    expect(skipped.expired).toBe(1)
    expect([copy.has('a'), copy.expiresIn('b')]).toEqual([false, 20_000])
    checkInvariants(copy)
  })

  test('values that are kept for loads after their lifetime', async () => {
    const options = { ttl: 10_000, staleIfError: '1h' } as const
    const cache = new Cache<string, number>(options)
    cache.set('a', 1)
    later(20_000)
    const copy = await copyOf(cache, options)
    expect(copy.get('a')).toBeUndefined()
    await expect(copy.getOrLoad('a', () => Promise.reject(new Error('down')))).resolves.toBe(1)
  })

  test('tags, in namespaces and versions, which go on deleting', async () => {
    const cache = new Cache<string, number>()
    cache.set('a', 1, { tags: ['t', 'u'] })
    cache.namespace('users').set('a', 2, { tags: ['t'] })
    cache.namespace('users').version(2).set('a', 3)
    cache
      .namespace('users')
      .namespace('admins')
      .set('a', 4, { tags: ['u'] })
    const copy = await copyOf(cache, {})
    const users = copy.namespace('users')
    const all = () => [
      copy.get('a'),
      users.get('a'),
      users.version(2).get('a'),
      users.namespace('admins').get('a'),
    ]
    expect(all()).toEqual([1, 2, 3, 4])
    users.deleteByTag('t')
    expect(all()).toEqual([1, undefined, 3, 4])
    copy.deleteByTag('u')
    expect(all()).toEqual([undefined, undefined, 3, undefined])
    checkInvariants(copy)
  })

  test('of a namespace, what is in it, wherever it is put back', async () => {
    const cache = new Cache<string, number>()
    cache.set('outside', 1)
    cache.namespace('users').set('a', 2)
    cache.namespace('users').version(7).set('a', 3)
    const copy = new Cache<string, number>()
    await restore(copy.namespace('people'), streamed(await snapshotOf(cache.namespace('users'))))
    expect([
      copy.size,
      copy.namespace('people').get('a'),
      copy.namespace('people').version(7).get('a'),
    ]).toEqual([0, 2, 3])
  })

  test('weights, by the bound of the cache that it is put into', async () => {
    const weigh = (value: string): number => value.length
    const cache = new Cache<string, string>({ maxWeight: 100, weigh })
    for (const key of ['a', 'b', 'c']) cache.set(key, key.repeat(30))
    const copy = await copyOf(cache, { maxWeight: 100, weigh })
    expect(copy.stats().weight).toBe(90)
    const small = new Cache<string, string>({ maxWeight: 29, weigh, onError() {} })
    expect(await restore(small, streamed(await snapshotOf(cache)))).toMatchObject({
      entries: 0,
      skipped: { refused: 3 },
    })
    checkInvariants(small)
  })

  test('not counters, and not what failed loads found', async () => {
    const cache = new Cache<string, number>({ negativeTtl: '1h', errorTtl: '1h' })
    await cache.getOrLoad('absent', () => undefined)
    cache.set('a', 1)
    cache.get('a')
    const copy = await copyOf(cache, {})
    expect(copy.stats()).toMatchObject({ hits: 0, sets: 0, size: 1 })
  })

  test('into a smaller cache, what its policy would keep', async () => {
    const cache = new Cache<number, number>({ maxEntries: 100, policy: 'lru' })
    for (let key = 0; key < 100; key++) cache.set(key, key)
    const copy = await copyOf(cache, { maxEntries: 10, policy: 'lru' })
    expect([...copy.keys()].sort()).toEqual([90, 91, 92, 93, 94, 95, 96, 97, 98, 99])
    const adaptive = await copyOf(cache, { maxEntries: 10 })
    expect(adaptive.size).toBe(10)
  })
})

describe('what is saved (72)', () => {
  test('with `filter` and `most`: what is chosen, and what would be evicted last', async () => {
    const cache = new Cache<number, number>({ policy: 'lru' })
    for (let key = 0; key < 10; key++) cache.set(key, key)
    cache.get(0)
    const copy = new Cache<number, number>()
    await restore(copy, streamed(await snapshotOf(cache, { most: 3, filter: (key) => key !== 9 })))
    expect([...copy.keys()].sort()).toEqual([0, 8])
  })

  test('not what is under objects, or is refused by the serializer: it is counted, and one fault', async () => {
    const faults: Fault[] = []
    const cache = new Cache<unknown, unknown>({ onError: (_error, fault) => void faults.push(fault) })
    class User {}
    cache.set('user', new User())
    cache.set({}, 1)
    cache.set(Symbol.for('s'), 1)
    cache.set('fine', 1)
    expect(await save(cache, join(folder, 'a'))).toMatchObject({ entries: 1, refused: 3 })
    expect(faults.map(({ kind, key }) => [kind, key])).toEqual([['snapshot', 'user']])
    expect(String(faults[0]!.error)).toContain('an instance of')
  })

  test('as each entry is when its line is written: what is removed before is not in it', async () => {
    const cache = new Cache<number, number>({ maxEntries: 10 })
    for (let key = 0; key < 5; key++) cache.set(key, key)
    const copy = new Cache<number, number>()
    const filter = (key: number): boolean => {
      cache.delete(4)
      cache.set(key + 100, 0)
      return true
    }
    await restore(copy, streamed(await snapshotOf(cache, { filter })))
    expect([...copy.keys()].sort()).toEqual([0, 1, 2, 3])
    cache.set(1, 10)
    const whole = snapshotOf(cache)
    cache.clear()
    await restore(copy, streamed(await whole))
    expect(copy.size).toBe(4)
  })

  test('with a serializer of the user, which reads it again', async () => {
    const serializer = {
      id: 9,
      encode: (value: unknown) => Buffer.from(String(value)),
      decode: (bytes: Uint8Array) => `read ${Buffer.from(bytes)}`,
    }
    const cache = new Cache<string, string>()
    cache.set('a', 'ä')
    const bytes = await snapshotOf(cache, { serializer })
    const copy = new Cache<string, string>({ onError() {} })
    expect(await restore(copy, streamed(bytes))).toMatchObject({ entries: 0, skipped: { corrupt: 1 } })
    expect(await restore(copy, streamed(bytes), { serializer })).toMatchObject({ entries: 1 })
    expect(copy.get('a')).toBe('read ä')
  })

  test('in turns of the event loop: others run meanwhile', async () => {
    const cache = new Cache<number, string>({ maxEntries: 50_000 })
    for (let key = 0; key < 50_000; key++) cache.set(key, `value ${key}`)
    let turns = 0
    const saved = snapshotOf(cache)
    let isOver = false
    void saved.then(() => {
      isOver = true
    })
    while (!isOver) {
      await setImmediate()
      turns++
    }
    expect(turns).toBeGreaterThan(3)
    const copy = new Cache<number, string>({ maxEntries: 50_000 })
    expect(await restore(copy, streamed(await saved, 65_536))).toMatchObject({ entries: 50_000 })
  })
})

describe('a file (75, 76)', () => {
  test.each(['plain.snapshot', 'zipped.gz', 'zipped.br'])(
    '%s is written, for its owner alone, and read',
    async (name) => {
      const cache = new Cache<string, number>()
      for (let i = 0; i < 3000; i++) cache.set(`key ${i}`, i)
      const path = join(folder, name)
      const { bytes, entries } = await save(cache, path)
      expect(await readdir(folder)).toEqual([name])
      expect(await stat(path)).toMatchObject({ size: bytes, mode: 0o100600 })
      const copy = new Cache<string, number>({ maxEntries: 3000 })
      expect(await restore(copy, path)).toMatchObject({ entries, saved: START })
      expect(copy.size).toBe(1000)
    },
  )

  test('stays as it was where saving fails, and nothing is left beside it', async () => {
    const path = join(folder, 'a')
    await writeFile(path, 'before')
    const cache = new Cache<string, number>()
    cache.set('a', 1)
    const filter = (): boolean => {
      throw new Error('no')
    }
    await expect(save(cache, path, { filter })).rejects.toThrow('no')
    expect([await readdir(folder), await readFile(path, 'utf8')]).toEqual([['a'], 'before'])
    await expect(save(cache, join(folder, 'none', 'a'))).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(save(cache, folder)).rejects.toThrow()
  })

  test('that is not there restores nothing, and is no fault; with `strict` it is an error', async () => {
    const onError = vi.fn()
    const cache = new Cache({ onError })
    expect(await restore(cache, join(folder, 'none'))).toMatchObject({ entries: 0, saved: undefined })
    expect(onError).not.toHaveBeenCalled()
    await expect(restore(cache, join(folder, 'none.gz'), { strict: true })).rejects.toMatchObject({
      code: 'ENOENT',
    })
    expect(await restore(cache, folder)).toMatchObject({ entries: 0 })
    expect(onError).toHaveBeenCalledOnce()
  })

  test('of a stream that fails rejects with its error', async () => {
    const cache = new Cache<string, number>()
    cache.set('a', 1)
    const sink = new Writable({ write: (_chunk, _encoding, done) => done(new Error('full')) })
    await expect(save(cache, sink)).rejects.toThrow('full')
  })

  test('older than `maxAge` is left alone', async () => {
    const cache = new Cache<string, number>({ ttl: '7d' })
    cache.set('a', 1)
    const path = join(folder, 'a')
    await save(cache, path)
    later(3_600_001)
    const copy = new Cache<string, number>()
    expect(await restore(copy, path)).toMatchObject({ entries: 0, skipped: { tooOld: 1 } })
    expect(await restore(copy, path, { maxAge: '1d' })).toMatchObject({ entries: 1 })
  })
})

describe('a cache in use (74)', () => {
  test('keeps what it has, and what is removed from the call on does not come back', async () => {
    const cache = new Cache<string, number>()
    for (const key of ['there', 'deleted', 'expired', 'written and deleted', 'fine']) cache.set(key, 1)
    cache.set('tagged', 1, { tags: ['t'] })
    cache.namespace('cleared').set('a', 1)
    cache.namespace('new').set('a', 1)
    cache.namespace('new').set('b', 1)
    const bytes = await snapshotOf(cache)

    const copy = new Cache<string, number>()
    copy.set('there', 2)
    const cleared = copy.namespace('cleared')
    const restored = restore(copy, streamed(bytes))
    copy.delete('deleted')
    copy.expire('expired')
    copy.set('written and deleted', 2)
    copy.delete('written and deleted')
    copy.deleteByTag('t')
    cleared.clear()
    copy.namespace('new').delete('a')
    const { entries, skipped } = await restored
    expect(new Map(copy)).toEqual(
      new Map([
        ['there', 2],
        ['fine', 1],
      ]),
    )
    expect([...copy.namespace('new').keys(), ...cleared.keys()]).toEqual(['b'])
    expect([entries, skipped.outdone]).toEqual([2, 7])
    checkInvariants(copy)
  })

  test('gets what a load under way brings, rather than what was saved', async () => {
    const cache = new Cache<string, number>()
    cache.set('a', 1)
    const copy = new Cache<string, number>()
    let answer = (_value: number): void => {}
    const loaded = copy.getOrLoad('a', () => new Promise<number>((resolve) => (answer = resolve)))
    await restore(copy, streamed(await snapshotOf(cache)))
    await setImmediate()
    answer(2)
    expect(await loaded).toBe(2)
    expect(copy.get('a')).toBe(2)
    checkInvariants(copy)
  })

  test('that is closed meanwhile ends it with CLOSED', async () => {
    const cache = new Cache<number, number>()
    for (let key = 0; key < 500; key++) cache.set(key, key)
    const bytes = await snapshotOf(cache)
    const copy = new Cache<number, number>()
    const restored = restore(copy, streamed(bytes))
    copy.close()
    await expect(restored).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(restore(copy, streamed(bytes))).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('of the kind none takes nothing', async () => {
    const cache = new Cache<string, number>()
    cache.set('a', 1)
    const none = new Cache<string, number>({ kind: 'none', onError() {} })
    expect(await restore(none, streamed(await snapshotOf(cache)))).toMatchObject({
      entries: 0,
      skipped: { refused: 1 },
    })
  })
})

test('wrong arguments are refused by their names', async () => {
  const cache = new Cache<string, number>()
  await expect(save({} as never, 'a')).rejects.toThrow('cache: expected a Cache, got an object')
  await expect(save(cache, '')).rejects.toThrow('target: expected a path or a writable stream')
  await expect(save(cache, 'a', { most: 0 })).rejects.toThrow('most: expected')
  await expect(save(cache, 'a', { filtre: 1 } as never)).rejects.toThrow('filter')
  await expect(save(cache, 'a', { serializer: {} as never })).rejects.toThrow('serializer.id')
  await expect(restore(cache, 5 as never)).rejects.toThrow('source: expected a path or a readable stream')
  await expect(restore(cache, 'a', { maxAge: 'x' as never })).rejects.toThrow('maxAge: expected')
  await expect(restore(cache, 'a', { strict: 1 as never })).rejects.toThrow('strict: expected')
})
