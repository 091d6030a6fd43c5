import { expect, test, vi } from 'vitest'
import { Cache } from '../../src/index.ts'
import { deferred } from '../support/deferred.ts'
import { open, turn, useFakeTime } from './support.ts'

useFakeTime()

test.each([0, -1])(
  'touch with a ttl of %d keeps out the load under way, whether an entry was there or not',
  async (ttl) => {
    const { cache } = open()
    for (const wasThere of [true, false]) {
      if (wasThere) cache.set('k', 'old')
      const source = deferred<string>()
      const load = cache.getOrLoad('other', () => source.promise)
      if (wasThere) cache.set('other', 'live', { ttl: 1000 })
      expect(cache.touch('other', ttl)).toBe(wasThere)
      source.resolve('loaded before')
      expect(await load).toBe('loaded before')
      expect(cache.has('other')).toBe(false)
    }
  },
)

test('touch with a lifetime leaves the load under way alone', async () => {
  const { cache } = open()
  const source = deferred<string>()
  const load = cache.getOrLoad('k', () => source.promise)
  expect(cache.touch('k', 1000)).toBe(false)
  source.resolve('value')
  await load
  expect(cache.peek('k')).toBe('value')
})

test('tags that the caller changes during a load are those of its start', async () => {
  const { cache } = open()
  const tags = ['given']
  const source = deferred<string>()
  const load = cache.getOrLoad('k', () => source.promise, { tags })
  tags[0] = 'changed'
  cache.deleteByTag('given')
  source.resolve('old')
  await load
  expect(cache.has('k')).toBe(false)
})

test('tags that the caller changes after a set are those of the set', () => {
  const { cache } = open()
  const tags = ['given']
  cache.set('k', 'value', { tags })
  tags[0] = 'changed'
  cache.deleteByTag('given')
  expect(cache.has('k')).toBe(false)
})

test('who joined a load before its tag was deleted shares it, whatever tags were deleted before', async () => {
  const { cache } = open()
  const source = deferred<string>()
  const loader = vi.fn(async (_: string, context: { tags: readonly string[] | undefined }) => {
    context.tags = ['mine']
    return source.promise
  })
  const first = cache.getOrLoad('k', loader)
  cache.deleteByTag('other')
  const second = cache.getOrLoad('k', loader)
  cache.deleteByTag('mine')
  source.resolve('value')
  expect(await Promise.all([first, second])).toEqual(['value', 'value'])
  expect(loader).toHaveBeenCalledTimes(1)
  expect(cache.has('k')).toBe(false)
})

test('who joined between two deletions of its tag gets a load of its own', async () => {
  const { cache } = open()
  const source = deferred<string>()
  let loads = 0
  const loader = async (_: string, context: { tags: readonly string[] | undefined }): Promise<string> => {
    context.tags = ['mine']
    return ++loads === 1 ? source.promise : 'new'
  }
  const first = cache.getOrLoad('k', loader)
  cache.deleteByTag('mine')
  const second = cache.getOrLoad('k', loader)
  cache.deleteByTag('mine')
  source.resolve('old')
  expect(await Promise.all([first, second])).toEqual(['old', 'new'])
})

test('any number of callers wait for one signal by one listener', async () => {
  const { cache } = open()
  const controller = new AbortController()
  const added = vi.spyOn(controller.signal, 'addEventListener')
  const { signal } = controller
  const never = (): Promise<string> => new Promise(() => {})
  const waits = Array.from({ length: 30 }, (_, i) => cache.getOrLoad(`k${i}`, never, { signal }))
  await turn()
  const many = cache.getOrLoadMany(['a', 'b'], () => new Promise(() => {}), { signal })
  await turn()
  expect(added).toHaveBeenCalledTimes(1)
  controller.abort('enough')
  for (const wait of [...waits, many]) await expect(wait).rejects.toBe('enough')
})

test('a signal is let go of when the last wait for it ends', async () => {
  const { cache } = open()
  const { signal } = new AbortController()
  const removed = vi.spyOn(signal, 'removeEventListener')
  await Promise.all(['a', 'b'].map((key) => cache.getOrLoad(key, async () => key, { signal })))
  await turn()
  expect(removed).toHaveBeenCalledTimes(1)
})

test('the deadline of a refresh does not keep the process alive until somebody waits for it', async () => {
  const unref = vi.fn()
  const ref = vi.fn()
  const real = globalThis.setTimeout
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((...all: Parameters<typeof setTimeout>) =>
    Object.assign(real(...all), { unref, ref })) as object as typeof setTimeout)
  try {
    const { cache } = open({ ttl: 1000, staleWhileRevalidate: '1h', hardTimeout: '1m' })
    cache.set('k', 'stale')
    vi.advanceTimersByTime(1000)
    unref.mockClear()
    const source = deferred<string>()
    expect(await cache.getOrLoad('k', () => source.promise)).toBe('stale')
    expect(unref).toHaveBeenCalledTimes(1)
    expect(ref).not.toHaveBeenCalled()
    const waiting = cache.getOrLoad('k', () => source.promise, { staleWhileRevalidate: 0 })
    await turn()
    expect(ref).toHaveBeenCalledTimes(1)
    source.resolve('new')
    expect(await waiting).toBe('new')
  } finally {
    vi.restoreAllMocks()
  }
})

test('an onError that rejects, and a console that throws, stop neither the process nor the listener', async () => {
  const print = vi.spyOn(console, 'error').mockImplementation(() => {
    throw new Error('no console')
  })
  try {
    const told: unknown[] = []
    const cache = new Cache<string, number>({
      onError: (async () => {
        throw new Error('cannot report')
      }) as () => void,
      onRemoval: ({ value }) => {
        told.push(value)
        throw new Error('cannot listen')
      },
    })
    for (let i = 0; i < 3; i++) cache.set('k', i)
    await turn()
    expect(told).toEqual([0, 1])
    expect(print).toHaveBeenCalledOnce()
  } finally {
    vi.restoreAllMocks()
  }
})
