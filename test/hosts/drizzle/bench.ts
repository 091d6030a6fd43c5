import { createClient } from '@libsql/client'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/libsql'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { queryCache } from 'nearcache/drizzle'
import type { HostCase } from '../bench.ts'

const users = sqliteTable('users', { id: integer().primaryKey(), name: text() })

const cases: HostCase[] = [
  {
    name: 'drizzle select',
    own: 'no cache, which is its default, in a database in the process (libsql)',
    async setUp() {
      const client = createClient({ url: ':memory:' })
      await client.executeMultiple(
        `CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users VALUES (1, 'Ada')`,
      )
      const cache = queryCache()
      const db = drizzle({ client, cache })
      const select = () => db.select().from(users).where(eq(users.id, 1))
      const read = () => select().$withCache({ tag: 'ada', autoInvalidate: true })
      await read()
      return {
        withNearcache: read,
        withOwn: select,
        alone: () => cache.get('ada', ['users'], true, true),
        tearDown: () => client.close(),
      }
    },
  },
]

export default cases
