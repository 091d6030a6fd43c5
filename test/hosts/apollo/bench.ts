import { ApolloServer } from '@apollo/server'
import responseCachePlugin from '@apollo/server-plugin-response-cache'
import { InMemoryLRUCache } from '@apollo/utils.keyvaluecache'
import { Cache } from 'nearcache'
import { type KeyValueCache, keyValueCache } from 'nearcache/apollo'
import type { HostCase } from '../bench.ts'

const typeDefs = `
  directive @cacheControl(maxAge: Int) on FIELD_DEFINITION
  type Query { rate(currency: String!): Float @cacheControl(maxAge: 3600) }
`
const resolvers = { Query: { rate: () => 1.5 } }
const query = '{ rate(currency: "EUR") }'

function serverWith(cache?: KeyValueCache): ApolloServer {
  const plugins = [responseCachePlugin()]
  return new ApolloServer({ typeDefs, resolvers, plugins, ...(cache === undefined ? {} : { cache }) })
}

const cases: HostCase[] = [
  {
    name: 'Apollo Server, a kept response',
    own: 'its InMemoryLRUCache',
    async setUp() {
      const responses = new Cache<string, string>()
      const store = keyValueCache(responses)
      const [near, own] = [serverWith(store), serverWith()]
      for (const server of [near, own]) await server.executeOperation({ query })
      const [key] = responses.keys()
      return {
        withNearcache: () => near.executeOperation({ query }),
        withOwn: () => own.executeOperation({ query }),
        alone: () => store.get(key!),
        tearDown: () => Promise.all([near.stop(), own.stop()]),
      }
    },
  },
  {
    name: 'KeyValueCache get',
    own: 'InMemoryLRUCache',
    async setUp() {
      const [near, own] = [keyValueCache(), new InMemoryLRUCache()]
      for (const store of [near, own]) await store.set('key', 'value', { ttl: 3600 })
      return {
        withNearcache: () => near.get('key'),
        withOwn: () => own.get('key'),
        alone: () => near.get('key'),
      }
    },
  },
]

export default cases
