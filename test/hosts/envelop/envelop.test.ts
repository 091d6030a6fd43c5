import { envelop, useEngine, useSchema } from '@envelop/core'
import { createInMemoryCache, useResponseCache } from '@envelop/response-cache'
// What the packages load; a bundler would choose another file, and GraphQL must be there once.
import { execute, parse, subscribe, validate } from 'graphql/index.js'
import { responseCache } from 'nearcache/envelop'
import { expect, test, vi } from 'vitest'
import { deferred } from '../../support/deferred.ts'
import { usersSchema } from './users.ts'

type Options = Parameters<typeof useResponseCache>[0]

function engineWith(cache: NonNullable<Options['cache']>) {
  const { schema, asked, state } = usersSchema()
  const getEnveloped = envelop({
    plugins: [
      useEngine({ parse, validate, execute, subscribe }),
      useSchema(schema),
      useResponseCache({ session: () => null, cache }),
    ],
  })
  const query = async (text: string): Promise<unknown> => {
    const { parse, execute, contextFactory, schema } = getEnveloped({})
    const contextValue = await contextFactory()
    const { data } = await execute({ schema, document: parse(text), contextValue })
    return data
  }
  return { asked, state, query }
}

const ANN = '{ user(id: 1) { name } }'
const RENAME = 'mutation { rename(id: 1, name: "Anna") { id } }'

test('a mutation drops the responses that contain what it changes', async () => {
  const { asked, query } = engineWith(responseCache())
  for (let i = 0; i < 2; i++) expect(await query(ANN)).toEqual({ user: { name: 'Ann' } })
  await query(RENAME)
  for (let i = 0; i < 2; i++) expect(await query(ANN)).toEqual({ user: { name: 'Anna' } })
  expect(asked).toEqual(['user 1', 'user 1'])
})

test.each([
  ["Envelop's own store", 'Ann', createInMemoryCache],
  ['nearcache', 'Anna', responseCache],
])('a query under way during a mutation, with %s: %s is found after it', async (_, name, create) => {
  const { asked, state, query } = engineWith(create())
  const gate = deferred<void>()
  state.gate = gate.promise
  const underWay = query(ANN)
  await vi.waitFor(() => expect(asked).toEqual(['user 1']))
  await query(RENAME)
  gate.resolve()
  await underWay
  expect(await query(ANN)).toEqual({ user: { name } })
})
