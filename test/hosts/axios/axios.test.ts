import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import axios from 'axios'
import { buildMemoryStorage, buildStorage, setupCache } from 'axios-cache-interceptor'
import { type AxiosStorageOptions, axiosStorage } from 'nearcache/axios'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Served, served } from '../served.ts'

let server: Served
let requests: string[] = []
let answer: (request: IncomingMessage, response: ServerResponse) => void

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  requests = []
  answer = (_request, response) => {
    response.setHeader('cache-control', 'max-age=60').end(`body ${requests.length}`)
  }
  server = await served(
    createServer((request, response) => {
      requests.push(request.url!)
      answer(request, response)
    }),
  )
})
afterEach(() => {
  vi.useRealTimers()
  return server.close()
})

type Storage = ReturnType<typeof buildStorage>

function client(storage: Storage) {
  const client = setupCache(axios.create({ baseURL: server.url }), { storage, interpretHeader: true })
  return async (path: string) => (await client.get(path)).data as string
}
const near = (options?: AxiosStorageOptions) => buildStorage(axiosStorage(options))

test('answers from the cache as long as the response says, and asks again after', async () => {
  const get = client(near())
  expect(await get('/a')).toBe('body 1')
  expect(await get('/a')).toBe('body 1')
  expect(await get('/b')).toBe('body 2')
  vi.advanceTimersByTime(60_000)
  expect(await get('/a')).toBe('body 3')
  expect(requests).toEqual(['/a', '/b', '/a'])
})

test('sends one request for all who ask at once', async () => {
  const get = client(near())
  expect(await Promise.all([get('/a'), get('/a'), get('/a')])).toEqual(['body 1', 'body 1', 'body 1'])
})

test('keeps a stale response to be confirmed, for maxStaleAge', async () => {
  answer = ({ headers }, response) => {
    response.setHeader('cache-control', 'max-age=60').setHeader('etag', '"1"')
    if (headers['if-none-match'] === '"1"') response.writeHead(304).end()
    else response.end(`made ${requests.length}`)
  }
  const get = client(near({ maxStaleAge: '10m' }))
  expect(await get('/')).toBe('made 1')
  vi.advanceTimersByTime(5 * 60_000)
  expect(await get('/')).toBe('made 1')
  expect(requests.length).toBe(2)
  vi.advanceTimersByTime(12 * 60_000)
  expect(await get('/')).toBe('made 3')
})

test('a request that fails leaves nothing behind', async () => {
  const get = client(near())
  const fine = answer
  answer = (_request, response) => response.writeHead(500).end()
  await expect(get('/')).rejects.toThrow('500')
  answer = fine
  expect(await get('/')).toBe('body 2')
})

test('remove and clear also forget what is under way', async () => {
  const storage = near()
  await storage.set('a', { state: 'loading', previous: 'empty' })
  expect((await storage.get('a')).state).toBe('loading')
  await storage.remove('a')
  expect((await storage.get('a')).state).toBe('empty')
  await storage.set('b', { state: 'loading', previous: 'empty' })
  await storage.clear?.()
  expect((await storage.get('b')).state).toBe('empty')
})

test('refuses lifetimes, which the interceptor decides, and wrong options', () => {
  expect(() => axiosStorage({ ttl: '1m' } as object)).toThrow(
    "ttl: expected nothing, since the interceptor says how long a response lives, got '1m'",
  )
  expect(() => axiosStorage({ maxStaleAge: -1 })).toThrow('maxStaleAge: expected a time of 0 or more, got -1')
  expect(() => axiosStorage({ maxEntry: 1 } as object)).toThrow("did you mean 'maxEntries'?")
})

describe('what the memory storage of axios-cache-interceptor gets wrong', () => {
  const own = (maxEntries?: number) => buildMemoryStorage(false, false, maxEntries)
  const asked = async (storage: Storage, paths: readonly string[]) => {
    requests = []
    const get = client(storage)
    for (const path of paths) await get(path)
    return requests
  }

  test('what is used often stays when others come', async () => {
    const often = Array.from({ length: 20 }, (_, i) => ['/often', `/once-${i}`]).flat()
    const count = (all: readonly string[]) => all.filter((path) => path === '/often').length
    expect(count(await asked(own(4), often))).toBeGreaterThan(3)
    expect(count(await asked(near({ maxEntries: 4 }), often))).toBe(1)
  })

  test('requests under way do not drive out each other, so none is sent twice', async () => {
    const paths = ['/1', '/2', '/3', '/4', '/1', '/2', '/3', '/4']
    const atOnce = async (storage: Storage) => {
      requests = []
      const get = client(storage)
      await Promise.all(paths.map(get))
      return requests.length
    }
    expect(await atOnce(own(2))).toBeGreaterThan(4)
    expect(await atOnce(near({ maxEntries: 2 }))).toBe(4)
  })

  test('there is a bound by bytes', async () => {
    answer = (_request, response) => {
      response.setHeader('cache-control', 'max-age=60').end('x'.repeat(10_000))
    }
    const paths = Array.from({ length: 20 }, (_, i) => `/${i}`)
    const storage = own()
    await asked(storage, paths)
    expect(storage.data.size).toBe(20)
    await asked(near({ maxBytes: '50kb' }), [...paths, ...paths])
    expect(requests.length).toBeGreaterThan(30)
  })

  test('what has expired goes by itself', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout', 'performance'] })
    const removed: string[] = []
    const storage = own()
    const nearStorage = near({ onRemoval: ({ key, reason }) => removed.push(`${key} ${reason}`) })
    const value = {
      state: 'cached',
      createdAt: Date.now(),
      ttl: 1000,
      data: { headers: {}, status: 200, statusText: '' },
    } as const
    await storage.set('a', value)
    await nearStorage.set('a', value)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(storage.data.size).toBe(1)
    expect(removed).toEqual(['a expired'])
  })
})
