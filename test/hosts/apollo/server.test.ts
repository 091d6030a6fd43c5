import { createHash } from 'node:crypto'
import { ApolloServer, type ApolloServerOptions, type BaseContext } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import responseCachePlugin from '@apollo/server-plugin-response-cache'
import { ErrorsAreMissesCache } from '@apollo/utils.keyvaluecache'
import type { DocumentNode } from 'graphql'
import { Cache } from 'nearcache'
import { keyValueCache } from 'nearcache/apollo'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }))
afterEach(() => void vi.useRealTimers())

const typeDefs = `#graphql
  enum CacheControlScope { PUBLIC PRIVATE }
  directive @cacheControl(maxAge: Int, scope: CacheControlScope) on FIELD_DEFINITION | OBJECT
  type Query {
    rate(currency: String): Float @cacheControl(maxAge: 10)
    time: Float
    mine: String @cacheControl(maxAge: 10, scope: PRIVATE)
  }
`

/** A server with a response cache, and what its resolvers were asked for. */
function serverWith(options: Partial<ApolloServerOptions<BaseContext>>) {
  const asked: string[] = []
  const answer = <T>(what: string, value: T): T => {
    asked.push(what)
    return value
  }
  const resolvers = {
    Query: {
      rate: (_: unknown, { currency = 'EUR' }: { currency?: string }) => answer(currency, 1.5),
      time: () => answer('time', 1),
      mine: () => answer('mine', 'secret'),
    },
  }
  const plugins = [
    responseCachePlugin({ sessionId: async ({ request }) => request.http?.headers.get('session') ?? null }),
  ]
  const server = new ApolloServer<BaseContext>({
    typeDefs,
    resolvers,
    plugins,
    ...options,
  } as ApolloServerOptions<BaseContext>)
  return { server, asked }
}

test('a response is kept as long as its maxAge, over HTTP', async () => {
  const { server, asked } = serverWith({ cache: keyValueCache({ ttl: '1h' }) })
  const { url } = await startStandaloneServer(server, { listen: { port: 0 } })
  const query = (text: string, headers = {}) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query: text }),
    })
  const first = await query('{ rate }')
  expect(await first.json()).toEqual({ data: { rate: 1.5 } })
  expect(first.headers.get('age')).toBe(null)

  vi.advanceTimersByTime(9_999)
  const second = await query('{ rate }')
  expect(await second.json()).toEqual({ data: { rate: 1.5 } })
  expect(second.headers.get('age')).toBe('10')
  expect(asked).toEqual(['EUR'])

  vi.advanceTimersByTime(1)
  const third = await query('{ rate }')
  expect(await third.json()).toEqual({ data: { rate: 1.5 } })
  expect(third.headers.get('age')).toBe(null)
  expect(asked).toEqual(['EUR', 'EUR'])

  for (const session of ['ann', 'ann', 'ben']) await query('{ mine }', { session })
  expect(asked.slice(2)).toEqual(['mine', 'mine'])
  await server.stop()
})

test('what has no maxAge is not kept, and other variables are other responses', async () => {
  const cache = new Cache<string, string>()
  const { server, asked } = serverWith({ cache: keyValueCache(cache) })
  for (let i = 0; i < 2; i++) {
    await server.executeOperation({ query: '{ time }' })
    for (const currency of ['USD', 'GBP']) {
      const query = 'query ($currency: String) { rate(currency: $currency) }'
      await server.executeOperation({ query, variables: { currency } })
    }
  }
  expect(asked).toEqual(['time', 'USD', 'GBP', 'time'])
  expect(cache.size).toBe(2)
})

test('persisted queries are kept by their ttl in seconds', async () => {
  const cache = new Cache<string, string>()
  const { server } = serverWith({ cache: keyValueCache(cache), persistedQueries: { ttl: 900 } })
  const query = '{ time }'
  const sha256Hash = createHash('sha256').update(query).digest('hex')
  const extensions = { persistedQuery: { version: 1, sha256Hash } }
  const errorOf = async (request: object): Promise<unknown> => {
    const { body } = await server.executeOperation(request)
    return body.kind === 'single' ? body.singleResult.errors?.[0]?.message : body.kind
  }
  expect(await errorOf({ extensions })).toBe('PersistedQueryNotFound')
  expect(await errorOf({ query, extensions })).toBe(undefined)
  expect(cache.expiresIn(`apq:${sha256Hash}`)).toBe(900_000)
  vi.advanceTimersByTime(899_999)
  expect(await errorOf({ extensions })).toBe(undefined)
  vi.advanceTimersByTime(1)
  expect(await errorOf({ extensions })).toBe('PersistedQueryNotFound')
})

test('parsed documents are kept as they are', async () => {
  const documents = new Cache<string, DocumentNode>()
  const { server } = serverWith({ documentStore: keyValueCache(documents) })
  await server.executeOperation({ query: '{ time }' })
  const [document] = documents.values()
  await server.executeOperation({ query: '{ time }' })
  expect(documents.size).toBe(1)
  expect([...documents.values()][0]).toBe(document)
  expect(documents.stats().hits).toBe(1)
})

test('a server whose cache was closed answers without it', async () => {
  const cache = new Cache<string, string>()
  const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
  const { server } = serverWith({ cache: new ErrorsAreMissesCache(keyValueCache(cache), logger), logger })
  cache.close()
  const { body } = await server.executeOperation({ query: '{ rate }' })
  expect(body).toMatchObject({ singleResult: { data: { rate: 1.5 } } })
  expect(logger.error).toHaveBeenCalledWith('the cache was closed')
  await vi.waitFor(() => expect(logger.warn).toHaveBeenCalled())
})
