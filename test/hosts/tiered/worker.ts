import { readFileSync, writeFileSync } from 'node:fs'
import { useResponseCache } from '@graphql-yoga/plugin-response-cache'
import { createClient } from '@libsql/client'
import { createCache } from 'cache-manager'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/libsql'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { createSchema, createYoga } from 'graphql-yoga'
import Keyv from 'keyv'
import { queryCache } from '../../../src/adapters/drizzle.ts'
import { responseCache } from '../../../src/adapters/envelop.ts'
import { keyvOptions } from '../../../src/adapters/keyv.ts'
import { redisTier } from '../../../src/tiers/redis.ts'
import { TieredCache } from '../../../src/tiers/tiered.ts'
import { connectClient } from '../../tiers/support/clients.ts'

/** A process in which a host stands on a tiered cache, and reads and writes the name of a user in a source that all processes share. */
export interface Settings {
  readonly host: HostName
  readonly port: number
  readonly file: string
}
export type HostName = keyof typeof hosts

export interface ToWorker {
  readonly id: number
  readonly call: 'read' | 'write' | 'hold' | 'release'
  readonly name?: string
}

export interface FromWorker {
  readonly id: number
  readonly name?: string
  /** How often this process has read the source so far. */
  readonly reads: number
}

interface Host {
  read(): Promise<string>
  write(name: string): Promise<unknown>
}

let reads = 0
/** Reads of the source wait here once they have read. */
let gate = Promise.resolve()
let release = (): void => {}
let held = (): void => {}

async function passing<T>(result: T): Promise<T> {
  reads++
  held()
  await gate
  return result
}

const hosts = {
  'cache-manager': (cache: TieredCache<string, unknown>, file: string): Host => {
    const manager = createCache({ stores: [new Keyv(keyvOptions(cache))] })
    return {
      read: () => manager.wrap('user', () => passing(readFileSync(file, 'utf8'))),
      async write(name) {
        writeFileSync(file, name)
        await manager.del('user')
      },
    }
  },

  drizzle: async (cache: TieredCache<string, unknown>, file: string): Promise<Host> => {
    const users = sqliteTable('users', { id: integer().primaryKey(), name: text().notNull() })
    const client = createClient({ url: `file:${file}.db` })
    const execute = client.execute.bind(client)
    client.execute = async (...args: [any]) => {
      const result = await execute(...args)
      return /^select/i.test(args[0].sql ?? args[0]) ? passing(result) : result
    }
    await execute('CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)')
    await execute("INSERT OR IGNORE INTO users VALUES (1, 'one')")
    const db = drizzle({ client, cache: queryCache(cache, { strategy: 'all' }) })
    return {
      read: async () => (await db.select().from(users).where(eq(users.id, 1)))[0]!.name,
      write: async (name) => db.update(users).set({ name }).where(eq(users.id, 1)),
    }
  },

  yoga: (cache: TieredCache<string, unknown>, file: string): Host => {
    const yoga = createYoga({
      logging: false,
      plugins: [
        useResponseCache({
          session: () => null,
          cache: responseCache(cache as unknown as TieredCache<string, object>),
        }),
      ],
      schema: createSchema({
        typeDefs: `
          type User { id: ID! name: String! }
          type Query { user: User! }
          type Mutation { rename(name: String!): User! }
        `,
        resolvers: {
          Query: { user: () => passing({ id: '1', name: readFileSync(file, 'utf8') }) },
          Mutation: {
            rename: (_: unknown, { name }: { name: string }) => {
              writeFileSync(file, name)
              return { id: '1', name }
            },
          },
        },
      }),
    })
    const ask = async (query: string, variables = {}): Promise<any> => {
      const response = await yoga.fetch('http://host/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      })
      return (await response.json()).data
    }
    return {
      read: async () => (await ask('{ user { id name } }')).user.name,
      write: (name) => ask('mutation ($name: String!) { rename(name: $name) { id name } }', { name }),
    }
  },
}

if (process.send !== undefined) {
  const { host, port, file }: Settings = JSON.parse(process.argv[2]!)
  const { client } = await connectClient('redis', port)
  const cache = new TieredCache<string, unknown>({ name: host, remote: redisTier(client) })
  await cache.ready()
  const { read, write } = await hosts[host](cache, file)
  let under: Promise<string> | undefined
  const calls: Record<ToWorker['call'], (name?: string) => Promise<unknown>> = {
    read,
    write: (name) => write(name!),
    // Begins a read, and answers when it has read the source.
    async hold() {
      gate = new Promise((resolve) => {
        release = resolve
      })
      const reached = new Promise<void>((resolve) => {
        held = resolve
      })
      under = read()
      await reached
    },
    async release() {
      release()
      gate = Promise.resolve()
      return under
    },
  }
  process.on('message', async ({ id, call, name }: ToWorker) => {
    const answer = await calls[call](name)
    process.send!({ id, name: answer, reads } as FromWorker)
  })
  process.on('disconnect', () => process.exit())
  process.send({ id: 0, reads } satisfies FromWorker)
}
