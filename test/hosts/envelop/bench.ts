import { createInMemoryCache, useResponseCache } from '@graphql-yoga/plugin-response-cache'
import { createYoga } from 'graphql-yoga'
import { Cache } from 'nearcache'
import { responseCache } from 'nearcache/envelop'
import type { HostCase } from '../bench.ts'
import { usersSchema } from './users.ts'

const request: RequestInit = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ query: '{ user(id: 1) { name } }' }),
}

/** What asks a server of its own. */
function askWith(cache: ReturnType<typeof createInMemoryCache>): () => Promise<unknown> {
  const { schema } = usersSchema()
  const yoga = createYoga({
    schema,
    logging: false,
    plugins: [useResponseCache({ session: () => null, cache })],
  })
  return async () => (await yoga.fetch('http://localhost/graphql', request)).text()
}

const cases: HostCase[] = [
  {
    name: 'GraphQL Yoga, a kept response',
    own: 'its createInMemoryCache',
    async setUp() {
      const responses = new Cache<string, object>()
      const store = responseCache(responses)
      const [withNearcache, withOwn] = [askWith(store), askWith(createInMemoryCache())]
      await withNearcache()
      await withOwn()
      const [key] = responses.keys()
      return { withNearcache, withOwn, alone: () => store.get(key!) }
    },
  },
]

export default cases
