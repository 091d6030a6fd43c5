import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createInMemoryCache,
  type UseResponseCacheParameter,
  useResponseCache,
} from '@graphql-yoga/plugin-response-cache'
import { createYoga } from 'graphql-yoga'
import { Cache } from 'nearcache'
import { responseCache } from 'nearcache/envelop'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { deferred } from '../../support/deferred.ts'
import { usersSchema } from './users.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

/** A server over HTTP, with what its resolvers were asked for. */
async function serve(options: Partial<UseResponseCacheParameter>) {
  const { schema, asked, state } = usersSchema()
  const yoga = createYoga({
    schema,
    logging: false,
    plugins: [useResponseCache({ session: () => null, ...options })],
  })
  const server = createServer(yoga)
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const url = `http://localhost:${(server.address() as AddressInfo).port}/graphql`
  const post = (query: string, headers = {}): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
    })
  const query = async (text: string): Promise<unknown> =>
    ((await (await post(text)).json()) as { data: unknown }).data
  const close = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return { asked, state, post, query, [Symbol.dispose]: close }
}

const ANN = '{ user(id: 1) { name } }'
const BEN = '{ user(id: 2) { name } }'
const RENAME = 'mutation { rename(id: 1, name: "Anna") { id } }'

test('a response is served from the cache until a mutation touches what it contains', async () => {
  const cache = new Cache<string, object>()
  using server = await serve({ cache: responseCache(cache) })
  for (let i = 0; i < 3; i++) {
    expect(await server.query(ANN)).toEqual({ user: { name: 'Ann' } })
    expect(await server.query(BEN)).toEqual({ user: { name: 'Ben' } })
    await server.query('{ users { name } }')
  }
  expect(server.asked).toEqual(['user 1', 'user 2', 'users'])

  await server.query(RENAME)
  for (let i = 0; i < 2; i++) {
    expect(await server.query(ANN)).toEqual({ user: { name: 'Anna' } })
    expect(await server.query(BEN)).toEqual({ user: { name: 'Ben' } })
    expect(await server.query('{ users { name } }')).toEqual({ users: [{ name: 'Anna' }, { name: 'Ben' }] })
  }
  expect(server.asked.slice(3)).toEqual(['user 1', 'users'])
})

test('invalidate and tags drop responses from outside of a request', async () => {
  const cache = new Cache<string, object>()
  const store = responseCache(cache)
  using server = await serve({ cache: store })
  await server.query(ANN)
  store.invalidate([{ typename: 'User', id: 1 }])
  await server.query(ANN)
  cache.deleteByTag('User')
  await server.query(ANN)
  expect(server.asked).toEqual(['user 1', 'user 1', 'user 1'])
})

test('ttl, and those of types and fields, are in milliseconds, at both ends', async () => {
  const ttlPerSchemaCoordinate = { User: 500, 'Query.time': 0 }
  using server = await serve({ cache: responseCache({ ttl: '1ms' }), ttl: 2000, ttlPerSchemaCoordinate })
  const all = async (): Promise<void> => {
    for (const query of [ANN, '{ __typename }', '{ time }']) await server.query(query)
  }
  await all()
  vi.advanceTimersByTime(499)
  await all()
  expect(server.asked).toEqual(['user 1', 'time', 'time'])
  vi.advanceTimersByTime(1)
  await all()
  expect(server.asked.slice(3)).toEqual(['user 1', 'time'])
})

test('without a ttl responses are kept for ever', async () => {
  const cache = new Cache<string, object>({ ttl: '1s' })
  using server = await serve({ cache: responseCache(cache) })
  await server.query(ANN)
  expect([...cache.keys()].map((key) => cache.expiresIn(key))).toEqual([Infinity])
  vi.advanceTimersByTime(86_400_000)
  await server.query(ANN)
  expect(server.asked).toEqual(['user 1'])
})

test('a client that has the response is told so', async () => {
  using server = await serve({ cache: responseCache() })
  const etag = (await server.post(ANN)).headers.get('etag')!
  const known = { 'if-none-match': etag }
  expect((await server.post(ANN, known)).status).toBe(304)
  await server.query(RENAME)
  expect((await server.post(ANN, known)).status).toBe(200)
})

test('sessions do not see the responses of others', async () => {
  const session = (request: Request): string | null => request.headers.get('session')
  using server = await serve({ cache: responseCache(), session })
  for (const name of ['a', 'b', 'a']) await server.post(ANN, { session: name })
  expect(server.asked).toEqual(['user 1', 'user 1'])
})

test('each request can have a clone of its own', async () => {
  using server = await serve({ cache: responseCache({ protect: 'clone' }), includeExtensionMetadata: true })
  for (let i = 0; i < 2; i++) expect(await server.query(ANN)).toEqual({ user: { name: 'Ann' } })
  expect(server.asked).toEqual(['user 1'])
})

describe("beside Yoga's own store", () => {
  test.each([
    ['its own store', 'Ann', createInMemoryCache],
    ['nearcache', 'Anna', responseCache],
  ])('a query under way during a mutation, with %s: %s is found after it', async (_, name, create) => {
    using server = await serve({ cache: create() })
    const gate = deferred<void>()
    server.state.gate = gate.promise
    const underWay = server.query(ANN)
    await vi.waitFor(() => expect(server.asked).toEqual(['user 1']))
    await server.query(RENAME)
    gate.resolve()
    expect(await underWay).toEqual({ user: { name: 'Ann' } })
    expect(await server.query(ANN)).toEqual({ user: { name } })
  })
})
