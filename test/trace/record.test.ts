import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cache } from 'nearcache'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { recordTrace } from '../../src/trace/index.ts'
import { linesOf } from './recorded.ts'

let folder: string
let path: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearcache-record-'))
  path = join(folder, 'trace.txt')
})
afterAll(() => rm(folder, { recursive: true }))

let cache: Cache
beforeEach(() => {
  cache = new Cache()
})
afterEach(() => cache.close())

describe('one line per key asked for', () => {
  const cases: [string, string[], (cache: Cache) => unknown][] = [
    ['get, hit and miss', ['here', 'gone'], (it) => [it.get('here'), it.get('gone', 'fallback')]],
    ['getMany', ['here', 'gone'], (it) => it.getMany(['here', 'gone'])],
    ['take', ['here'], (it) => it.take('here')],
    ['getOrSet', ['here', 'new'], (it) => [it.getOrSet('here', () => 2), it.getOrSet('new', () => 3)]],
    [
      'getOrSet that reads another',
      ['outer', 'inner'],
      (it) => it.getOrSet('outer', () => it.get('inner') ?? 4),
    ],
    ['getOrLoad, hit', ['here'], (it) => it.getOrLoad('here', async () => 2)],
    ['getOrLoad, miss', ['new'], (it) => it.getOrLoad('new', async () => 3)],
    [
      'getOrLoadMany',
      ['here', 'new'],
      (it) => it.getOrLoadMany(['here', 'new', 'here'], async () => [['new', 3]]),
    ],
    [
      'what does not read',
      [],
      (it) => [it.has('here'), it.peek('here'), it.set('a', 1), it.delete('a'), it.touch('here')],
    ],
  ]

  test.each(cases)('%s', async (_, keys, use) => {
    const twin = new Cache()
    for (const each of [cache, twin]) each.set('here', 1)
    const recording = recordTrace(cache, path, { keys: 'plain' })
    expect(await use(cache)).toEqual(await use(twin))
    const { reads, recorded, dropped } = await recording.stop()
    expect(await linesOf(path)).toEqual(keys)
    expect({ reads, recorded, dropped }).toEqual({ reads: keys.length, recorded: keys.length, dropped: 0 })
    expect(cache.stats()).toEqual({
      ...twin.stats(),
      totalLoadTime: expect.any(Number),
      loadTimes: expect.anything(),
    })
    twin.close()
  })

  test('every method that counts reads is among them', () => {
    const reading = ['get', 'getMany', 'take', 'getOrSet', 'getOrLoad', 'getOrLoadMany']
    const methods: string[] = []
    for (let one = Cache.prototype; one !== Object.prototype; one = Object.getPrototypeOf(one))
      methods.push(...Object.getOwnPropertyNames(one))
    const inner = ['loadOne', 'loadMany']
    const found = methods.filter((name) => /^(get|take|load)/.test(name) && !inner.includes(name))
    expect(found.sort()).toEqual(reading.sort())
  })

  test('errors are those of the cache', async () => {
    const recording = recordTrace(cache, path)
    expect(() => cache.getMany(5 as never)).toThrow('keys: expected an iterable')
    await expect(cache.getOrLoadMany('text' as never, () => [])).rejects.toThrow('keys: expected an iterable')
    await expect(cache.getOrLoad('key', 5 as never)).rejects.toThrow('loader: expected a function')
    cache.close()
    expect(() => cache.get('key')).toThrow('the cache was closed')
    await recording.stop()
  })
})

describe('while it is off', () => {
  test('the cache is as if it had never been recorded', async () => {
    const before = Reflect.ownKeys(cache)
    const recording = recordTrace(cache, path)
    expect(Reflect.ownKeys(cache)).not.toEqual(before)
    await recording.stop()
    expect(Reflect.ownKeys(cache)).toEqual(before)
    cache.get('unrecorded')
    expect(await linesOf(path)).toEqual([])
  })

  test('another cache is not touched', async () => {
    const other = new Cache()
    const recording = recordTrace(cache, path)
    other.get('unrecorded')
    expect(await recording.stop()).toMatchObject({ reads: 0, recorded: 0 })
  })

  test('it can be recorded anew, but not twice at once', async () => {
    const first = recordTrace(cache, path)
    expect(() => recordTrace(cache, path)).toThrow('cache: expected one that is not being recorded already')
    await first.stop()
    await recordTrace(cache, path).stop()
  })

  test('a second stop gives the same', async () => {
    const recording = recordTrace(cache, path)
    expect(recording.stop()).toBe(recording.stop())
    expect(await recording.stop()).toMatchObject({ path, reads: 0 })
  })
})

describe('several caches', () => {
  test('are told apart, and a namespace counts as one', async () => {
    const users = cache.namespace('users')
    const recording = recordTrace([cache, users], path, { keys: 'plain' })
    cache.get(1)
    users.get(1)
    await recording.stop()
    expect(await linesOf(path)).toEqual(['0/1', '1/1'])
  })

  test('hashed too', async () => {
    const users = cache.namespace('users')
    const recording = recordTrace([cache, users], path)
    for (const each of [cache, users, cache]) each.get(1)
    await recording.stop()
    const [a, b, c] = await linesOf(path)
    expect(a).toBe(c)
    expect(a).not.toBe(b)
  })
})

describe('options', () => {
  test.each(['trace.txt', 'trace.txt.gz', 'trace.txt.br'])(
    '%s is compressed as its name says',
    async (name) => {
      const file = join(folder, name)
      const recording = recordTrace(cache, file, { keys: 'plain' })
      for (let i = 0; i < 50_000; i++) cache.get(i)
      const { bytes } = await recording.stop()
      const lines = await linesOf(file)
      expect(lines).toHaveLength(50_000)
      expect(lines.at(-1)).toBe('49999')
      expect(bytes).toBeGreaterThan(0)
      if (name !== 'trace.txt') expect(bytes).toBeLessThan(200_000)
    },
  )

  test('sample: all reads of a share of the keys', async () => {
    const recording = recordTrace(cache, path, { sample: 0.25 })
    for (let round = 0; round < 2; round++) for (let i = 0; i < 10_000; i++) cache.get(`key ${i}`)
    const { reads, recorded, dropped } = await recording.stop()
    expect(reads).toBe(20_000)
    expect(dropped).toBe(0)
    expect(recorded / reads).toBeCloseTo(0.25, 1)
    expect(new Set(await linesOf(path)).size).toBe(recorded / 2)
  })

  test('times: milliseconds since the start', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 5_000_000 })
    try {
      const recording = recordTrace(cache, path, { keys: 'plain', times: true })
      cache.get('a')
      vi.setSystemTime(5_001_500)
      cache.get('b')
      await recording.stop()
      expect(await linesOf(path)).toEqual(['a\t0', 'b\t1500'])
    } finally {
      vi.useRealTimers()
    }
  })

  test('maxReads: it ends by itself', async () => {
    const recording = recordTrace(cache, path, { maxReads: 3 })
    for (let i = 0; i < 10; i++) cache.get(i)
    expect(Object.hasOwn(cache, 'get')).toBe(false)
    expect(await recording.stop()).toMatchObject({ reads: 3, recorded: 3 })
    expect(await linesOf(path)).toHaveLength(3)
  })

  test.each([
    [{ key: 'plain' }, "key: there is no such option; did you mean 'keys'?"],
    [{ keys: 'raw' }, "keys: expected 'hashed' or 'plain', got 'raw'"],
    [{ sample: 0 }, 'sample: expected a number above 0 and at most 1, got 0'],
    [{ sample: '1' }, "sample: expected a number above 0 and at most 1, got '1'"],
    [{ times: 1 }, 'times: expected true or false, got 1'],
    [{ maxReads: 0 }, 'maxReads: expected a positive integer or Infinity, got 0'],
    [{ onError: 1 }, 'onError: expected a function, got 1'],
    [5, 'options: expected an object such as { sample: 0.1 }, got 5'],
  ])('%j is refused', (options, message) => {
    expect(() => recordTrace(cache, path, options as never)).toThrow(message)
    expect(Object.hasOwn(cache, 'get')).toBe(false)
  })

  test('so is what is no cache, and no path', () => {
    expect(() => recordTrace({} as never, path)).toThrow('cache: expected a cache, got an object')
    expect(() => recordTrace([], path)).toThrow('cache: expected a cache or several, got an array')
    expect(() => recordTrace([cache, cache], path)).toThrow('cache: expected each cache once')
    expect(() => recordTrace(cache, '')).toThrow('path: expected a string of at least one character')
    expect(Object.hasOwn(cache, 'get')).toBe(false)
  })
})

describe('the service never suffers', () => {
  test('what the disk cannot take in time is dropped and counted', async () => {
    const recording = recordTrace(cache, path)
    // One turn of the event loop: nothing can be written meanwhile.
    for (let i = 0; i < 1_000_000; i++) cache.get(i & 1023)
    const { reads, recorded, dropped, bytes } = await recording.stop()
    expect(reads).toBe(1_000_000)
    expect(recorded + dropped).toBe(reads)
    expect(dropped).toBeGreaterThan(0)
    expect(bytes).toBeLessThan(9 * 1024 * 1024)
    expect(await linesOf(path)).toHaveLength(recorded)
  })

  test('a file that cannot be written ends the recording and is told, not thrown', async () => {
    cache.set('key', 'value')
    let told!: (error: unknown) => void
    const error = new Promise((resolve) => {
      told = resolve
    })
    const recording = recordTrace(cache, join(folder, 'none', 'trace.txt.gz'), { onError: told })
    expect(cache.get('key')).toBe('value')
    expect(await error).toMatchObject({ code: 'ENOENT' })
    expect(Object.hasOwn(cache, 'get')).toBe(false)
    expect(cache.get('key')).toBe('value')
    await expect(recording.stop()).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('an error in onError is passed over', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const broken = {
      onError: () => {
        throw new Error('broken')
      },
    }
    await expect(recordTrace(cache, folder, broken).stop()).rejects.toMatchObject({ code: 'EISDIR' })
    expect(log).toHaveBeenCalledOnce()
    log.mockRestore()
  })
})

describe('weights', () => {
  const weigh = (value: unknown): number => String(value).length

  test('stand after the time, and are empty for a miss', async () => {
    cache.set('a', 'four')
    const recording = recordTrace(cache, path, { keys: 'plain', weights: weigh })
    cache.get('a')
    cache.get('b', 'fallback')
    await cache.getOrLoad('c', async () => 'loaded')
    await cache.getOrLoad('c', async () => 'loaded')
    await recording.stop()
    expect(await linesOf(path)).toEqual(['a\t\t4', 'b\t\t', 'c\t\t', 'c\t\t6'])
  })

  test('that cannot be had are left out, and the first of them is told', async () => {
    cache.set('a', '')
    cache.set('b', 'four')
    const errors: unknown[] = []
    const onError = (error: unknown): void => void errors.push(error)
    const recording = recordTrace(cache, path, { keys: 'plain', weights: weigh, onError })
    cache.get('a')
    cache.get('a')
    cache.get('b')
    await recording.stop()
    expect(await linesOf(path)).toEqual(['a\t\t', 'a\t\t', 'b\t\t4'])
    expect(errors).toEqual([
      expect.objectContaining({ message: expect.stringContaining('weights: expected a positive integer') }),
    ])
  })

  test('are no use of an entry', async () => {
    cache.set('a', 'four')
    const recording = recordTrace(cache, path, { weights: true })
    cache.get('a')
    await recording.stop()
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 0 })
  })

  test('are true, false or a function', () => {
    expect(() => recordTrace(cache, path, { weights: 1 as never })).toThrow(
      /^weights: expected true, false or a function/,
    )
  })
})
