import { AsyncLocalStorage } from 'node:async_hooks'
import { channel, subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, expect, it } from 'vitest'
import type { LoadMessage } from '../../src/engine/channels.ts'
import { Cache } from '../../src/index.ts'

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** What a channel is given until the test ends. */
function messages(name: string): object[] {
  const all: object[] = []
  const note = (message: unknown): void => void all.push(message as object)
  subscribe(name, note)
  stops.push(() => unsubscribe(name, note))
  return all
}

const phases = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const

/** The phases of loads, each with its message as it was then. */
function loads(): [phase: string, message: LoadMessage][] {
  const all: [string, LoadMessage][] = []
  const handlers = Object.fromEntries(
    phases.map((phase) => [phase, (message: object) => all.push([phase, { ...(message as LoadMessage) }])]),
  )
  tracingChannel('nearcache:load').subscribe(handlers as never)
  stops.push(() => tracingChannel('nearcache:load').unsubscribe(handlers as never))
  return all
}

let names = 0
const freshName = (): string => `channels ${++names}`

describe('18. channels', () => {
  it('tell a cache that is opened and closed, by its name, with its last statistics', () => {
    const [opened, closed] = [messages('nearcache:open'), messages('nearcache:close')]
    const cache = new Cache({ name: freshName() })
    const same = new Cache({ name: cache.name })
    const nameless = new Cache()
    cache.set('k', 1)
    cache.close()
    same.close()
    expect(opened).toEqual([{ cache: cache.name }, { cache: nameless.name }])
    expect(closed).toEqual([{ cache: cache.name, stats: expect.objectContaining({ sets: 1, size: 0 }) }])
  })

  it('tell a clear, a deleted tag and a changed bound', () => {
    const told = messages('nearcache:invalidate')
    const cache = new Cache({ name: freshName() })
    cache.namespace('n').set('k', 1)
    cache.set('k', 1)
    cache.namespace('n').clear()
    cache.deleteByTag('t')
    cache.resize(5)
    expect(told).toEqual([
      { cache: cache.name, kind: 'clear', size: 1 },
      { cache: cache.name, kind: 'tag', tag: 't' },
      { cache: cache.name, kind: 'resize', maxEntries: 5, maxWeight: Infinity },
    ])
  })

  it('tell a load in its phases, in one object, with who joined and how it ended', async () => {
    const told = loads()
    const cache = new Cache<string, number>({ name: freshName() })
    const load = async () => {
      await null
      return 1
    }
    await Promise.all([cache.getOrLoad('k', load), cache.getOrLoad('k', load), cache.getOrLoad('k', load)])
    await cache.getOrLoad('k', load)
    const common = { cache: cache.name, key: 'k', kind: 'miss', size: 1 }
    expect(told).toEqual([
      ['start', { ...common, joins: 0, outcome: undefined }],
      ['end', { ...common, joins: 0, outcome: undefined }],
      ['asyncStart', { ...common, joins: 2, outcome: 'success' }],
      ['asyncEnd', { ...common, joins: 2, outcome: 'success' }],
    ])
  })

  it('tell what a load failed with, that one was overtaken, and a refresh', async () => {
    const told = loads()
    const error = new Error('down')
    const cache = new Cache<string, number>({ name: freshName(), staleWhileRevalidate: '1h', onError() {} })
    await expect(
      cache.getOrLoad('a', () => {
        throw error
      }),
    ).rejects.toBe(error)
    await cache.getOrLoad('b', async () => {
      cache.delete('b')
      return 1
    })
    cache.set('c', 1)
    cache.expire('c')
    await cache.getOrLoad('c', () => 2)
    await new Promise(setImmediate)
    const ends = told.filter(([phase]) => phase === 'asyncEnd').map(([, message]) => message)
    expect(ends).toMatchObject([
      { key: 'a', kind: 'miss', outcome: 'failure', error },
      { key: 'b', kind: 'miss', outcome: 'discarded' },
      { key: 'c', kind: 'refresh', outcome: 'success' },
    ])
    expect(told.filter(([phase]) => phase === 'error')).toMatchObject([['error', { key: 'a', error }]])
  })

  it('tell a batch as one load, with how many keys it has', async () => {
    const told = loads()
    const cache = new Cache<string, number>({ name: freshName() })
    await cache.getOrLoadMany(['a', 'b', 'c'], async (keys) => keys.map((key) => [key, 1] as const))
    expect(told.map(([phase]) => phase)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'])
    expect(told.at(-1)![1]).toMatchObject({ size: 3, key: undefined, outcome: 'success' })
    const error = new Error('down')
    await expect(
      cache.getOrLoadMany(['d'], async () => {
        throw error
      }),
    ).rejects.toBe(error)
    expect(told.at(-1)![1]).toMatchObject({ size: 1, outcome: 'failure', error })
  })

  it('run the loader in what is bound to the start of a load', async () => {
    loads()
    const storage = new AsyncLocalStorage<string>()
    const start = channel('tracing:nearcache:load:start')
    start.bindStore(storage, () => 'bound')
    stops.push(() => void start.unbindStore(storage))
    const cache = new Cache<string, unknown>()
    expect(await cache.getOrLoad('k', async () => storage.getStore())).toBe('bound')
  })

  it('20. a listener that throws reaches no caller, and leaves the cache as it was', async () => {
    const uncaught: unknown[] = []
    const previous = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (error) => uncaught.push(error))
    try {
      const fail = (): never => {
        throw new Error('listener')
      }
      for (const name of [
        'nearcache:invalidate',
        'tracing:nearcache:load:start',
        'tracing:nearcache:load:asyncEnd',
      ]) {
        subscribe(name, fail)
        stops.push(() => unsubscribe(name, fail))
      }
      const cache = new Cache<string, number>()
      expect(await cache.getOrLoad('k', () => 1)).toBe(1)
      cache.clear()
      expect(cache.has('k')).toBe(false)
      await new Promise((resolve) => setImmediate(resolve))
      expect(uncaught).toHaveLength(3)
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const listener of previous) process.on('uncaughtException', listener)
    }
  })

  it('19. nothing is published of reads, writes and evictions', () => {
    const names = ['open', 'close', 'invalidate', 'fault', 'guard'].map((name) => `nearcache:${name}`)
    const cache = new Cache<number, number>({ maxEntries: 3 })
    const told = [...names.map(messages), loads()]
    for (let i = 0; i < 100; i++) {
      cache.set(i % 7, i)
      cache.get(i % 5)
      cache.delete(i % 11)
      cache.getOrSet(i, () => 1)
    }
    expect(told.flat()).toEqual([])
  })
})
