import { PGlite } from '@electric-sql/pglite'
import { type Client, createClient } from '@libsql/client'
import { eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/libsql'
import * as pg from 'drizzle-orm/pg-core'
import { boolean, pgSchema, pgTable, pgTableCreator } from 'drizzle-orm/pg-core'
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite'
import { alias, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { Cache, type CacheOptions } from 'nearcache'
import { type QueryCache, queryCache } from 'nearcache/drizzle'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

const users = sqliteTable('users', {
  id: integer().primaryKey(),
  name: text().notNull(),
  settings: text({ mode: 'json' }).$type<{ theme: string }>(),
})
const posts = sqliteTable('posts', { id: integer().primaryKey(), authorId: integer(), title: text() })

let clients: Client[] = []

/** A database of its own in which Ada and Bo are, with what it is asked for. */
async function openWith(cache: QueryCache | undefined) {
  const client = createClient({ url: ':memory:' })
  clients.push(client)
  await client.executeMultiple(`
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, settings TEXT);
    CREATE TABLE posts (id INTEGER PRIMARY KEY, authorId INTEGER, title TEXT);
    INSERT INTO users VALUES (1, 'Ada', '{"theme":"dark"}'), (2, 'Bo', NULL);
    INSERT INTO posts VALUES (1, 1, 'On engines');
  `)
  const db = drizzle({ client, ...(cache && { cache }) })
  const reads = vi.spyOn(client, 'execute')
  return { client, db, reads }
}

type Backing = Cache<string, unknown> | CacheOptions<string, unknown>
const open = (backing?: Backing, strategy?: 'explicit' | 'all') => openWith(queryCache(backing, { strategy }))

/** How many of the calls were sent to the database. */
async function sent(reads: { mock: { calls: unknown[] } }, ...run: (() => PromiseLike<unknown>)[]) {
  const counts: number[] = []
  for (const one of run) {
    const before = reads.mock.calls.length
    await one()
    counts.push(reads.mock.calls.length - before)
  }
  return counts
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000_000_000 })
})

afterEach(() => {
  vi.useRealTimers()
  for (const client of clients) client.close()
  clients = []
})

describe('queryCache in drizzle, on libsql', () => {
  test('a query with $withCache hits, another does not', async () => {
    const { db, reads } = await open()
    const cached = () => db.select().from(users).$withCache()
    expect(await sent(reads, cached, cached, () => db.select().from(users))).toEqual([1, 0, 1])
    expect(await cached()).toEqual(await db.select().from(users))
  })

  test("with the strategy 'all' every query hits that does not say no", async () => {
    const { db, reads } = await open({}, 'all')
    const all = () => db.select().from(users)
    expect(await sent(reads, all, all, () => all().$withCache(false))).toEqual([1, 0, 1])
  })

  test('queries differ by their parameters, no rows are a result', async () => {
    const { db, reads } = await open()
    const byId = (id: number) => () => db.select().from(users).where(eq(users.id, id)).$withCache()
    const none = byId(99)
    expect(await sent(reads, byId(1), byId(2), byId(1), none, none)).toEqual([1, 1, 0, 1, 0])
    expect([(await byId(1)())[0]?.name, await none()]).toEqual(['Ada', []])
  })

  test.each<[string, (db: Awaited<ReturnType<typeof open>>['db']) => PromiseLike<unknown>]>([
    ['insert', (db) => db.insert(users).values({ id: 3, name: 'Cy' })],
    ['update', (db) => db.update(users).set({ name: 'Cy' }).where(eq(users.id, 1))],
    ['delete', (db) => db.delete(users).where(eq(users.id, 2))],
  ])('%s removes the results that were read from its table, those of joins too', async (_, mutate) => {
    const { db } = await open()
    const queries = {
      plain: () => db.select({ name: users.name }).from(users).$withCache(),
      joined: () => db.select().from(posts).leftJoin(users, eq(users.id, posts.authorId)).$withCache(),
      aliased: () => db.select().from(alias(users, 'u')).$withCache(),
      nested: () => db.select().from(db.select().from(users).as('inner')).$withCache(),
    }
    for (const query of Object.values(queries)) await query()
    await mutate(db)
    for (const [name, query] of Object.entries(queries))
      expect({ [name]: await query() }).toEqual({ [name]: await query().$withCache(false) })
  })

  test('what was read from other tables stays', async () => {
    const { db, reads } = await open()
    const read = () => db.select().from(posts).$withCache()
    await read()
    await db.update(users).set({ name: 'Cy' })
    expect(await sent(reads, read)).toEqual([0])
  })

  test('invalidate takes tables and their names, one or more', async () => {
    const { db, reads } = await open()
    const read = () => db.select().from(users).$withCache()
    await read()
    for (const tables of ['users', users, ['posts', 'users'], [posts, users], alias(users, 'u')]) {
      await db.$cache.invalidate({ tables })
      expect(await sent(reads, read, read)).toEqual([1, 0])
    }
    await db.$cache.invalidate({ tables: 'posts' })
    await db.$cache.invalidate({})
    expect(await sent(reads, read)).toEqual([0])
  })

  test('invalidate takes tags, one or more', async () => {
    const { db, reads } = await open()
    const read = (tag: string, autoInvalidate = true) => {
      return () => db.select().from(users).$withCache({ tag, autoInvalidate })
    }
    const [a, b, lasting] = [read('a'), read('b'), read('c', false)]
    expect(await sent(reads, a, b, lasting, a, b, lasting)).toEqual([1, 1, 1, 0, 0, 0])
    await db.$cache.invalidate({ tags: 'a' })
    expect(await sent(reads, a, b, lasting)).toEqual([1, 0, 0])
    await db.$cache.invalidate({ tags: ['b', 'c'] })
    expect(await sent(reads, a, b, lasting)).toEqual([0, 1, 1])
  })

  test('a result with a tag goes with its table, unless autoInvalidate is false', async () => {
    const { db, reads } = await open()
    const tagged = () => db.select().from(users).$withCache({ tag: 'a' })
    const lasting = () => db.select().from(users).$withCache({ tag: 'b', autoInvalidate: false })
    await sent(reads, tagged, lasting)
    await db.update(users).set({ name: 'Cy' })
    expect(await sent(reads, tagged, lasting)).toEqual([1, 0])
    expect((await lasting())[0]!.name).toBe('Ada')
  })

  test('what outlives mutations is not given to a query that is to see them', async () => {
    const { db } = await open()
    const lasting = () => db.select().from(users).$withCache({ autoInvalidate: false })
    await lasting()
    await db.update(users).set({ name: 'Cy' }).where(eq(users.id, 1))
    expect((await db.select().from(users).$withCache())[0]!.name).toBe('Cy')
    expect((await lasting())[0]!.name).toBe('Ada')
  })

  test('a query whose tables drizzle does not know is cached only if no mutation is to invalidate it', async () => {
    const { db, reads } = await open()
    const query = () => db.select({ id: sql<number>`id` }).from(sql`users`)
    const auto = () => query().$withCache()
    const lasting = () => query().$withCache({ autoInvalidate: false })
    expect(await sent(reads, auto, auto, lasting, lasting)).toEqual([1, 1, 0, 0])
  })

  test('tables are tags of the cache: other entries may go with them', async () => {
    const cache = new Cache<string, unknown>()
    const { db } = await open(cache)
    cache.set('menu', '<ul>…</ul>', { tags: ['users'] })
    await db.insert(users).values({ id: 3, name: 'Cy' })
    expect(cache.has('menu')).toBe(false)
  })
})

describe('the time of a result', () => {
  /** Whether a query hits just before, and at the time when its result is to expire. */
  async function around(config: object, ms: number, backing?: Backing) {
    const { db, reads } = await open(backing)
    const read = () => db.select().from(users).$withCache({ config })
    await read()
    vi.advanceTimersByTime(ms - 1)
    const before = await sent(reads, read)
    vi.advanceTimersByTime(1)
    return [...before, ...(await sent(reads, read))]
  }

  test.each([
    ['ex, seconds', { ex: 2 }, 2_000],
    ['px, milliseconds', { px: 2_500 }, 2_500],
    ['exat, Unix seconds', { exat: 1_000_000_003 }, 3_000],
    ['pxat, Unix milliseconds', { pxat: 1_000_000_003_500 }, 3_500],
    ['none, the ttl of the cache', {}, 5 * 60_000],
  ])('%s', async (_, config, ms) => {
    expect(await around(config, ms)).toEqual([0, 1])
  })

  test('none, a ttl of its own', async () => {
    expect(await around({}, 1_000, { ttl: '1s' })).toEqual([0, 1])
    expect(await around({ ex: 2 }, 2_000, { ttl: '1s' })).toEqual([0, 1])
  })

  test('what is 0 or over already is not kept', async () => {
    const cache = new Cache<string, unknown>()
    const { db } = await open(cache)
    for (const config of [{ ex: 0 }, { px: -1 }, { exat: 1 }, { pxat: 1 }])
      await db.select().from(users).$withCache({ config })
    expect(cache.size).toBe(0)
  })

  test('more than one, or no number, reaches the caller as an error', async () => {
    const { db } = await open()
    const failure = (config: object) =>
      db
        .select()
        .from(users)
        .$withCache({ config })
        .then(() => undefined, String)
    expect(await failure({ ex: 1, pxat: 2 })).toBe(
      'TypeError: config: expected one of ex, px, exat and pxat, got ex and pxat',
    )
    expect(await failure({ ex: '1m' })).toBe("TypeError: config.ex: expected a number, got '1m'")
    expect(await failure({ px: NaN })).toBe('TypeError: config.px: expected a number, got NaN')
  })
})

describe('what goes wrong with other caches', () => {
  test('bounded', async () => {
    const cache = new Cache<string, unknown>({ maxEntries: 10 })
    const { db } = await open(cache)
    for (let id = 0; id < 30; id++) await db.select().from(users).where(eq(users.id, id)).$withCache()
    expect(cache.size).toBe(10)
  })

  test('rows of libsql survive, where a cache that keeps JSON loses their columns', async () => {
    const json: QueryCache = queryCache()
    const { put } = json
    json.put = (key, result, ...rest) => put(key, JSON.parse(JSON.stringify(result)), ...rest)
    const query = ({ db }: Awaited<ReturnType<typeof open>>) =>
      db.select({ id: users.id, name: users.name }).from(users).where(eq(users.id, 1)).$withCache()
    const [near, copied] = [await open(), await openWith(json)]
    expect(await query(near)).toEqual(await query(copied))
    expect(await query(near)).toEqual([{ id: 1, name: 'Ada' }])
    expect(await query(copied)).not.toEqual([{ id: 1, name: 'Ada' }])
  })

  test('callers that change what they got change nothing for others', async () => {
    const { db } = await open()
    const read = () => db.select().from(users).$withCache()
    for (let i = 0; i < 3; i++) {
      const [ada] = await read()
      expect(ada).toEqual({ id: 1, name: 'Ada', settings: { theme: 'dark' } })
      ada!.name = 'Eve'
      ada!.settings!.theme = 'light'
    }
  })

  /** The name that is given after a read that a change of the name overtakes. */
  async function overtaken(backing: Backing, change: 'table' | 'tag', end: 'read' | 'fail' = 'read') {
    const { client, db } = await open(backing)
    const config = change === 'tag' ? { tag: 'ada', autoInvalidate: false } : {}
    const read = async () =>
      (await db.select().from(users).where(eq(users.id, 1)).$withCache(config))[0]?.name
    const execute = client.execute.bind(client) as (statement: any) => Promise<any>
    vi.spyOn(client, 'execute').mockImplementationOnce(async (statement: any) => {
      const result = await execute(statement)
      await execute(`UPDATE users SET name = 'Eve' WHERE id = 1`)
      await db.$cache.invalidate(change === 'tag' ? { tags: 'ada' } : { tables: users })
      if (end === 'fail') throw new Error('lost')
      return result
    })
    const first = await read().catch(() => 'failed')
    return [first, await read(), await read()]
  }

  test.each(['table', 'tag'] as const)(
    'what is invalidated by its %s while it is read does not come back',
    async (by) => {
      expect(await overtaken({}, by)).toEqual(['Ada', 'Eve', 'Eve'])
      expect(await overtaken({}, by, 'fail')).toEqual(['failed', 'Eve', 'Eve'])
    },
  )

  test('concurrent queries each get the result', async () => {
    const { db } = await open()
    const found = await Promise.all(Array.from({ length: 20 }, () => db.select().from(users).$withCache()))
    for (const rows of [...found, await db.select().from(users).$withCache()]) expect(rows).toHaveLength(2)
  })

  test('a failing query reaches its caller and is not kept', async () => {
    const { db, reads } = await open()
    const read = () => db.select().from(users).$withCache()
    reads.mockRejectedValueOnce(new Error('lost'))
    await expect(read()).rejects.toThrow('Failed query')
    expect(await read()).toHaveLength(2)
  })

  test('a closed cache is an error of reads, and of writes that have happened', async () => {
    const cache = new Cache<string, unknown>()
    const { db } = await open(cache)
    cache.close()
    await expect(db.select().from(users).$withCache()).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(db.insert(users).values({ id: 3, name: 'Cy' })).rejects.toMatchObject({
      cause: { code: 'CLOSED' },
    })
    expect(await db.select().from(users)).toHaveLength(3)
  })
})

describe('wrong options', () => {
  test.each([
    [[{ maxEntries: 0 }], new RangeError('maxEntries: expected a positive integer or Infinity, got 0')],
    [[{}, { strategy: 'some' }], new TypeError("strategy: expected 'explicit' or 'all', got 'some'")],
    [[{}, { global: true }], new TypeError("global: there is no such option, only 'strategy'")],
    [[{}, 'all'], new TypeError("options: expected an object such as { strategy: 'all' }, got 'all'")],
  ])('%j', (args, error) => {
    expect(() => queryCache(...(args as [CacheOptions, object]))).toThrow(error)
  })

  test('what is no table', async () => {
    await expect(queryCache().onMutate({ tables: {} })).rejects.toThrow(
      new TypeError('tables: expected a table or its name, got an object'),
    )
  })
})

describe('queryCache in drizzle, on PostgreSQL', async () => {
  const shop = pgSchema('shop')
  const items = shop.table('items', { id: pg.integer().primaryKey(), sold: boolean() })
  const notes = pgTable('notes', { id: pg.integer().primaryKey(), data: pg.jsonb().$type<{ n: number }>() })
  const prefixed = pgTableCreator((name) => `app_${name}`)('logs', { id: pg.integer().primaryKey() })

  const client = await PGlite.create()
  await client.exec(`
    CREATE SCHEMA shop;
    CREATE TABLE shop.items (id INTEGER PRIMARY KEY, sold BOOLEAN);
    CREATE TABLE notes (id INTEGER PRIMARY KEY, data JSONB);
    CREATE TABLE app_logs (id INTEGER PRIMARY KEY);
    INSERT INTO shop.items VALUES (1, false);
    INSERT INTO notes VALUES (1, '{"n":1}');
  `)
  afterAll(() => client.close())

  test('mutations and invalidate reach tables in a schema, and those with a prefix', async () => {
    const cache = queryCache({ ttl: '1h' })
    const db = drizzlePglite({ client, cache })
    const [put, get] = [vi.spyOn(cache, 'put'), vi.spyOn(cache, 'get')]
    const read = async () => ({
      sold: (await db.select().from(items).$withCache())[0]!.sold,
      logs: (await db.select().from(prefixed).$withCache()).length,
    })
    expect(await read()).toEqual({ sold: false, logs: 0 })
    await db.update(items).set({ sold: true })
    await db.insert(prefixed).values({ id: 1 })
    expect(await read()).toEqual({ sold: true, logs: 1 })
    await client.exec('UPDATE shop.items SET sold = false; DELETE FROM app_logs')
    expect(await read()).toEqual({ sold: true, logs: 1 })
    await db.$cache.invalidate({ tables: [items, prefixed] })
    expect(await read()).toEqual({ sold: false, logs: 0 })
    expect([get.mock.calls.length, put.mock.calls.length]).toEqual([8, 6])
  })

  test('mutations in a transaction remove results; one that is rolled back leaves those from before it', async () => {
    const db = drizzlePglite({ client, cache: queryCache() })
    const read = async () => (await db.select().from(items).$withCache())[0]!.sold
    expect(await read()).toBe(false)
    await db.transaction((tx) => tx.update(items).set({ sold: true }))
    expect(await read()).toBe(true)
    const failed = db.transaction(async (tx) => {
      await tx.update(items).set({ sold: false })
      tx.rollback()
    })
    await expect(failed).rejects.toThrow('Rollback')
    expect(await read()).toBe(true)
  })

  test("JSON that the driver has parsed is shared by hits, unless protect is 'clone'", async () => {
    const after = async (protect: 'none' | 'clone') => {
      const db = drizzlePglite({ client, cache: queryCache({ protect }) })
      const read = async () => (await db.select().from(notes).$withCache())[0]!.data!
      for (let i = 0; i < 2; i++) (await read()).n++
      return (await read()).n
    }
    expect(await after('clone')).toBe(1)
    expect(await after('none')).toBe(3)
  })
})
