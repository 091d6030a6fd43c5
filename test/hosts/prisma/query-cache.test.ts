import { Cache, type CacheOptions } from 'nearcache'
import { type QueryCacheOptions, queryCache } from 'nearcache/prisma'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { connect, createDatabase } from './database.ts'
import { installPrisma } from './install.ts'
// In this file, as all that is tested here is installed by it.
import './page.ts'
import './processes.ts'

beforeAll(installPrisma, 300_000)

type Client = any
type Backing = Cache<string, unknown> | CacheOptions<string, unknown>

let database: Awaited<ReturnType<typeof createDatabase>>
let clients: Client[]

/** What each test gets of its own. */
function withDatabase(): void {
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000_000_000 })
    database = await createDatabase()
    clients = []
  })

  afterEach(async () => {
    vi.useRealTimers()
    for (const client of clients) await client.$disconnect()
    database.remove()
  })
}

/** A client with a cache, one without, and how many statements the first sends. */
async function open(backing?: Backing, options?: QueryCacheOptions) {
  const { client, sent } = await connect(database.url)
  const plain = await connect(database.url)
  clients.push(client, plain.client)
  const prisma: Client = client.$extends(queryCache(backing, options))
  const count = async (...run: (() => PromiseLike<unknown>)[]) => {
    const counts: number[] = []
    for (const one of run) {
      const before = sent.length
      await one()
      counts.push(sent.length - before)
    }
    return counts
  }
  return { prisma, plain: plain.client, client, sent, count }
}

const byName = { orderBy: { name: 'asc' } }

describe('queryCache in Prisma, on libSQL: reads', () => {
  withDatabase()

  const READS: [string, (prisma: Client) => PromiseLike<unknown>][] = [
    ['findUnique', (prisma) => prisma.user.findUnique({ where: { id: 1 } })],
    ['findUnique that finds nothing', (prisma) => prisma.user.findUnique({ where: { id: 9 } })],
    ['findUniqueOrThrow', (prisma) => prisma.user.findUniqueOrThrow({ where: { id: 1 } })],
    ['findFirst', (prisma) => prisma.user.findFirst(byName)],
    ['findFirstOrThrow', (prisma) => prisma.user.findFirstOrThrow(byName)],
    ['findMany', (prisma) => prisma.user.findMany()],
    ['count', (prisma) => prisma.user.count()],
    ['count by field', (prisma) => prisma.post.count({ select: { _all: true, authorId: true } })],
    ['aggregate', (prisma) => prisma.post.aggregate({ _max: { id: true }, _count: true })],
    ['groupBy', (prisma) => prisma.post.groupBy({ by: ['authorId'], _count: true })],
  ]

  test.each(READS)('%s: the second is a hit, and the same as without a cache', async (_, read) => {
    const { prisma, plain, count } = await open()
    expect(
      await count(
        () => read(prisma),
        () => read(prisma),
      ),
    ).toEqual([1, 0])
    expect(await read(prisma)).toEqual(await read(plain))
  })

  test('no two of the queries are taken for each other', async () => {
    const { prisma, plain } = await open()
    for (const [, read] of READS) await read(prisma)
    for (const [name, read] of READS)
      expect({ [name]: await read(prisma) }).toEqual({ [name]: await read(plain) })
  })

  test('queries are compared by the contents of their arguments, whatever the order', async () => {
    const { prisma, count } = await open()
    const one = () =>
      prisma.user.findFirst({ where: { name: 'Ada', id: 1 }, select: { id: true, name: true } })
    const other = () =>
      prisma.user.findFirst({ select: { name: true, id: true }, where: { id: 1, name: 'Ada' } })
    const third = () =>
      prisma.user.findFirst({ where: { name: 'Ada', id: 2 }, select: { id: true, name: true } })
    expect(await count(one, other, third)).toEqual([1, 0, 1])
  })

  test('a chained relation is told from the query with the same arguments', async () => {
    const { prisma } = await open()
    const whole = { posts: [expect.objectContaining({ id: 1 }), expect.objectContaining({ id: 2 })] }
    for (let i = 0; i < 2; i++) {
      expect(await prisma.user.findUnique({ where: { id: 1 }, select: { posts: true } })).toEqual(whole)
      expect(await prisma.user.findUnique({ where: { id: 1 } }).posts()).toEqual(whole.posts)
    }
  })

  test('equal queries at once send one; different ones by key go in one statement, as without a cache', async () => {
    const { prisma, sent } = await open()
    await Promise.all(Array.from({ length: 20 }, () => prisma.user.findMany()))
    expect(sent).toHaveLength(1)
    await Promise.all([1, 2, 9].map((id) => prisma.user.findUnique({ where: { id } })))
    expect(sent).toHaveLength(2)
  })

  test('rows are the caller’s own, the values in them are shared', async () => {
    const cache = new Cache<string, any>()
    const { prisma } = await open(cache)
    const read = () => prisma.user.findMany({ include: { posts: true } })
    for (let i = 0; i < 3; i++) {
      const users = await read()
      expect(users.map(({ name, posts }: any) => [name, posts.length])).toEqual([
        ['Ada', 2],
        ['Bo', 0],
      ])
      users[0].name = 'Eve'
      users[0].posts.pop()
      users.pop()
    }
    const amount = async () => (await prisma.report.findUnique({ where: { id: 1 } })).amount
    expect(String(await amount())).toBe('12.5')
    expect(await amount()).toBe(await amount())
  })

  test('computed fields are computed for each caller from the row alone, however often it was hit', async () => {
    const { prisma, count } = await open()
    const extended = prisma.$extends({
      result: {
        post: {
          shout: {
            needs: { title: true },
            compute: (post: any) => post.title.toUpperCase(),
          },
        },
      },
    })
    const read = () => extended.user.findUnique({ where: { id: 1 }, include: { posts: true } })
    const kept = await read()
    expect(await count(...Array.from({ length: 50 }, () => read))).toEqual(Array(50).fill(0))
    const again = await read()
    expect([kept, again].map((user) => user.posts[0].shout)).toEqual(['ON ENGINES', 'ON ENGINES'])
    expect(
      Object.keys((await prisma.user.findUnique({ where: { id: 1 }, include: { posts: true } })).posts[0]),
    ).toEqual(['id', 'title', 'authorId'])
  })

  test.each(['freeze', 'clone'] as const)(
    'with protect: %s Prisma gets what it can write to',
    async (protect) => {
      const { prisma } = await open({ protect })
      const read = () => prisma.user.findMany({ include: { posts: true } })
      await read()
      expect((await read())[0].posts).toHaveLength(2)
    },
  )

  test('arguments that no contents tell apart are sent each time, and nothing is kept of them', async () => {
    const cache = new Cache<string, unknown>()
    const { prisma, client, count } = await open(cache)
    const { amount } = await client.report.findUnique({ where: { id: 1 } })
    const decimal = () => prisma.report.findMany({ where: { amount } })
    const field = () => prisma.user.findMany({ where: { name: { equals: client.user.fields.email } } })
    expect(await count(decimal, decimal, field, field)).toEqual([1, 1, 1, 1])
    expect(cache.size).toBe(0)
  })

  test('an error reaches those who wait, and is not kept', async () => {
    const { prisma, sent } = await open()
    const read = () => prisma.user.findUniqueOrThrow({ where: { id: 9 } })
    for (let i = 1; i < 3; i++) {
      await expect(read()).rejects.toMatchObject({ code: 'P2025' })
      expect(sent).toHaveLength(i)
    }
    await expect(prisma.user.findMany({ where: { nome: 'Ada' } })).rejects.toThrow('Unknown argument')
  })

  test('bounded, and gone when the time is over: that of the cache, or of the model', async () => {
    const cache = new Cache<string, unknown>({ ttl: '1m', maxEntries: 10 })
    const { prisma, count } = await open(cache, { ttl: { Tag: '2m', Profile: 0 } })
    const [users, tags, profiles] = [prisma.user, prisma.tag, prisma.profile].map(
      (model) => () => model.findMany(),
    )
    expect(await count(users!, tags!, profiles!, profiles!)).toEqual([1, 1, 1, 1])
    vi.advanceTimersByTime(59_999)
    expect(await count(users!, tags!)).toEqual([0, 0])
    vi.advanceTimersByTime(1)
    expect(await count(users!, tags!)).toEqual([1, 0])
    vi.advanceTimersByTime(60_000)
    expect(await count(users!, tags!)).toEqual([1, 1])
    for (let id = 0; id < 30; id++) await prisma.user.findUnique({ where: { id } })
    expect(cache.size).toBe(10)
  })

  test('a closed cache is an error of reads, and of writes that have happened', async () => {
    const cache = new Cache<string, unknown>()
    const { prisma, plain } = await open(cache)
    cache.close()
    await expect(prisma.user.findMany()).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(prisma.tag.create({ data: { label: 'new' } })).rejects.toMatchObject({ code: 'CLOSED' })
    expect(await plain.tag.count()).toBe(2)
  })
})

/** Queries that among them show everything. */
const SHOWN: Record<string, (prisma: Client) => PromiseLike<unknown>> = {
  users: (prisma) => prisma.user.findMany(byName),
  posts: (prisma) => prisma.post.findMany(),
  profiles: (prisma) => prisma.profile.findMany(),
  tags: (prisma) => prisma.tag.findMany(),
  reports: (prisma) => prisma.report.findMany(),
  figures: (prisma) => prisma.figure.findMany(),
  included: (prisma) =>
    prisma.user.findMany({ include: { posts: { include: { tags: true } }, profile: true } }),
  selected: (prisma) =>
    prisma.tag.findMany({ select: { posts: { select: { author: { select: { name: true } } } } } }),
  counted: (prisma) => prisma.user.findMany({ include: { _count: true } }),
  countedBy: (prisma) => prisma.tag.findMany({ select: { _count: { select: { posts: true } } } }),
  filtered: (prisma) =>
    prisma.user.findMany({ where: { posts: { some: { tags: { none: { label: 'maths' } } } } } }),
  ordered: (prisma) => prisma.user.findMany({ orderBy: { posts: { _count: 'desc' } } }),
  chained: (prisma) => prisma.user.findUnique({ where: { id: 1 } }).profile(),
  data: (prisma) => prisma.report.findMany({ include: { data: true } }),
}

async function show(prisma: Client): Promise<Record<string, unknown>> {
  const shown: Record<string, unknown> = {}
  for (const [name, read] of Object.entries(SHOWN)) shown[name] = await read(prisma)
  return shown
}

type Write = (prisma: Client) => PromiseLike<unknown>
const WRITES: [string, Write][] = [
  ['create', (db) => db.user.create({ data: { name: 'Cy', email: 'cy@example.com' } })],
  ['createMany', (db) => db.post.createMany({ data: [{ title: 'A' }, { title: 'B', authorId: 2 }] })],
  ['createManyAndReturn', (db) => db.tag.createManyAndReturn({ data: [{ label: 'new' }] })],
  ['update', (db) => db.user.update({ where: { id: 1 }, data: { name: 'Eve' } })],
  ['updateMany', (db) => db.post.updateMany({ data: { authorId: 2 } })],
  ['updateManyAndReturn', (db) => db.tag.updateManyAndReturn({ data: { label: 'sums' } })],
  [
    'upsert that updates',
    (db) => db.tag.upsert({ where: { id: 1 }, update: { label: 'b' }, create: { label: 'c' } }),
  ],
  [
    'upsert that creates',
    (db) => db.tag.upsert({ where: { id: 9 }, update: { label: 'b' }, create: { label: 'c' } }),
  ],
  ['delete, and what the database deletes with it', (db) => db.user.delete({ where: { id: 1 } })],
  ['deleteMany, and what the database sets to null', (db) => db.report.deleteMany()],
  [
    'a nested create, two relations deep',
    (db) =>
      db.user.update({
        where: { id: 2 },
        data: { posts: { create: { title: 'C', tags: { create: { label: 'd' } } } } },
      }),
  ],
  [
    'a nested createMany',
    (db) => db.user.update({ where: { id: 2 }, data: { posts: { createMany: { data: [{ title: 'D' }] } } } }),
  ],
  ['connect', (db) => db.tag.update({ where: { id: 1 }, data: { posts: { connect: { id: 2 } } } })],
  ['disconnect', (db) => db.post.update({ where: { id: 1 }, data: { author: { disconnect: true } } })],
  ['set', (db) => db.post.update({ where: { id: 1 }, data: { tags: { set: [] } } })],
  [
    'connectOrCreate',
    (db) =>
      db.post.update({
        where: { id: 2 },
        data: { tags: { connectOrCreate: { where: { label: 'e' }, create: { label: 'e' } } } },
      }),
  ],
  [
    'a nested update',
    (db) => db.profile.update({ where: { id: 1 }, data: { user: { update: { name: 'Eve' } } } }),
  ],
  [
    'a nested upsert',
    (db) =>
      db.user.update({
        where: { id: 2 },
        data: { profile: { upsert: { create: { bio: 'x' }, update: { bio: 'y' } } } },
      }),
  ],
  [
    'a nested delete, and what the database deletes with it',
    (db) =>
      db.profile.update({ where: { id: 1 }, data: { user: { update: { posts: { delete: { id: 1 } } } } } }),
  ],
  [
    'a relation that is called like a word of Prisma',
    (db) => db.report.update({ where: { id: 1 }, data: { data: { create: { value: 8 } } } }),
  ],
  [
    'another relation of a model that has one called like that',
    (db) => db.report.update({ where: { id: 1 }, data: { author: { update: { name: 'Eve' } } } }),
  ],
  ['$executeRaw', (db) => db.$executeRaw`UPDATE User SET name = ${'Eve'} WHERE id = ${1}`],
  ['$executeRawUnsafe', (db) => db.$executeRawUnsafe('UPDATE Figure SET value = ? WHERE id = 1', 9)],
  ['$queryRaw that writes', (db) => db.$queryRaw`INSERT INTO Tag (label) VALUES (${'f'}) RETURNING id`],
  ['$queryRawUnsafe that writes', (db) => db.$queryRawUnsafe('UPDATE Post SET title = ? RETURNING id', 'G')],
]

describe('writes', () => {
  withDatabase()

  test.each(WRITES)('%s: everything that shows it is read again', async (_, write) => {
    const { prisma, plain } = await open()
    const before = await show(prisma)
    await write(prisma)
    const after = await show(prisma)
    expect(after).toEqual(await show(plain))
    expect(after).not.toEqual(before)
  })

  test('what does not show it stays', async () => {
    const { prisma, count } = await open()
    const tags = () => SHOWN.tags!(prisma)
    await tags()
    await prisma.user.update({ where: { id: 1 }, data: { name: 'Eve', posts: { create: { title: 'C' } } } })
    await prisma.user.update({
      where: { id: 1 },
      data: { name: 'Eve' },
      include: { posts: { include: { tags: true } } },
    })
    await prisma.report.updateMany({ data: { amount: 1 } })
    expect(await count(tags)).toEqual([0])
  })

  test('a write that fails invalidates too', async () => {
    const { prisma, plain } = await open()
    await prisma.user.findMany(byName)
    await plain.user.update({ where: { id: 1 }, data: { name: 'Eve' } })
    await expect(prisma.user.create({ data: { name: 'Bo', email: 'bo@example.com' } })).rejects.toThrow()
    expect((await prisma.user.findMany(byName))[0].name).toBe('Bo')
  })

  test('models are tags: other entries go with them, and results by hand', async () => {
    const cache = new Cache<string, unknown>()
    const { prisma, count } = await open(cache)
    cache.set('menu', '<ul>…</ul>', { tags: ['Tag'] })
    await prisma.tag.create({ data: { label: 'new' } })
    expect(cache.has('menu')).toBe(false)
    const users = () => prisma.user.findMany()
    await users()
    cache.deleteByTag('User')
    expect(await count(users)).toEqual([1])
  })

  test('a raw query that reads removes nothing; rawWrites tells what a raw statement writes to', async () => {
    const rawWrites = (sql: string) => (sql.startsWith('UPDATE Post') ? ['Post'] : undefined)
    const { prisma, count } = await open({}, { rawWrites })
    const [users, posts] = [() => prisma.user.findMany(), () => prisma.post.findMany()]
    await count(users, posts)
    await prisma.$queryRaw`SELECT 1 AS one`
    await prisma.$queryRawUnsafe('select 1 as one')
    expect(await count(users, posts)).toEqual([0, 0])
    await prisma.$executeRaw`UPDATE Post SET title = ${'x'}`
    expect(await count(users, posts)).toEqual([0, 1])
    await prisma.$executeRaw`UPDATE User SET name = ${'x'}`
    expect(await count(users, posts)).toEqual([1, 1])
  })

  test('what a read has found that a write overtakes is not kept, and who asks after the write gets the new', async () => {
    const cache = new Cache<string, unknown>()
    const { client, plain } = await open(cache)
    const { prisma, reached, release } = held(client.$extends(queryCache(cache)))
    // A query of Prisma is sent once somebody waits for it.
    const read = (): Promise<any[]> => prisma.user.findMany(byName).then((users: any[]) => users)
    const first = read()
    await reached
    await prisma.user.update({ where: { id: 1 }, data: { name: 'Eve' } })
    const second = read()
    release()
    expect([(await first)[0].name, (await second)[1].name]).toEqual(['Ada', 'Eve'])
    expect(await prisma.user.findMany(byName)).toEqual(await plain.user.findMany(byName))
  })
})

/** The first read of users waits once the database has answered. */
function held(prisma: Client) {
  let release!: () => void
  let reach!: () => void
  const gate = new Promise<void>((resolve) => (release = resolve))
  const reached = new Promise<void>((resolve) => (reach = resolve))
  let isFirst = true
  const extended: Client = prisma.$extends({
    query: {
      user: {
        async findMany({ args, query }: any) {
          const result = await query(args)
          if (isFirst) {
            isFirst = false
            reach()
            await gate
          }
          return result
        },
      },
    },
  })
  return { prisma: extended, reached, release }
}

describe('transactions', () => {
  withDatabase()

  const rename = { where: { id: 1 }, data: { name: 'Eve' } }
  const named = (users: any[]) => users.find(({ id }) => id === 1).name

  /** Two clients of the database over one cache: one has a transaction open, the other reads. */
  async function two() {
    const cache = new Cache<string, unknown>()
    const [one, other] = [await open(cache), await open(cache)]
    return { cache, writer: one.prisma, reader: other.prisma, count: one.count, plain: one.plain }
  }

  test.each(WRITES)(
    '%s in an interactive one: everything that shows it is read again after',
    async (_, write) => {
      const { prisma, plain } = await open()
      const before = await show(prisma)
      await prisma.$transaction((tx: Client) => write(tx))
      const after = await show(prisma)
      expect(after).toEqual(await show(plain))
      expect(after).not.toEqual(before)
    },
  )

  test('what is read between a write and the commit does not stay', async () => {
    const { writer, reader, plain } = await two()
    await writer.$transaction(async (tx: Client) => {
      await tx.user.update(rename)
      expect(named(await reader.user.findMany())).toBe('Ada')
    })
    expect([named(await reader.user.findMany()), named(await plain.user.findMany())]).toEqual(['Eve', 'Eve'])
  })

  test('a read that begins before the commit and ends after it is not kept', async () => {
    const { cache, writer, reader } = await two()
    const { prisma, reached, release } = held(reader)
    let read: Promise<any[]> | undefined
    await writer.$transaction(async (tx: Client) => {
      await tx.user.update(rename)
      read = prisma.user.findMany().then((users: any[]) => users)
      await reached
    })
    release()
    expect(named(await read!)).toBe('Ada')
    expect(cache.size).toBe(0)
    expect(named(await reader.user.findMany())).toBe('Eve')
  })

  test('a read inside gets what the transaction sees, and leaves nothing', async () => {
    const { prisma } = await open()
    const names: string[] = [named(await prisma.user.findMany())]
    const rolled = prisma.$transaction(async (tx: Client) => {
      await tx.user.update(rename)
      names.push(named(await tx.user.findMany()))
      await tx.user.findUnique({ where: { id: 1 } })
      throw new Error('no')
    })
    await expect(rolled).rejects.toThrow('no')
    names.push(named(await prisma.user.findMany()), (await prisma.user.findUnique({ where: { id: 1 } })).name)
    expect(names).toEqual(['Ada', 'Eve', 'Ada', 'Ada'])
  })

  test('one that only reads is not answered from the cache, and removes nothing', async () => {
    const { prisma, plain, count } = await open()
    const users = () => prisma.user.findMany()
    await users()
    await plain.user.update(rename)
    expect(named(await prisma.$transaction((tx: Client) => tx.user.findMany()))).toBe('Eve')
    expect(named((await prisma.$transaction([prisma.user.findMany()]))[0])).toBe('Eve')
    expect(await count(users)).toEqual([0])
  })

  test('nested ones: what the inner rolls back stays as it was, what the outer commits is seen', async () => {
    const { prisma, plain } = await open()
    await show(prisma)
    await prisma.$transaction(async (tx: Client) => {
      await tx.tag.create({ data: { label: 'outer' } })
      const inner = tx.$transaction(async (nested: Client) => {
        await nested.user.update(rename)
        throw new Error('no')
      })
      await expect(inner).rejects.toThrow('no')
      await tx.$transaction((nested: Client) => nested.post.create({ data: { title: 'inner' } }))
    })
    expect(await show(prisma)).toEqual(await show(plain))
    expect([await plain.tag.count(), await plain.post.count()]).toEqual([2, 3])
  })

  test('a batch that commits, and one that is rolled back', async () => {
    const { prisma, plain } = await open()
    const before = await show(prisma)
    const [, users] = await prisma.$transaction([
      prisma.user.update(rename),
      prisma.user.findMany(),
      prisma.user.update({ where: { id: 2 }, data: { posts: { create: { title: 'C' } } } }),
      prisma.$executeRaw`UPDATE Figure SET value = 9`,
    ])
    expect(named(users)).toBe('Eve')
    const after = await show(prisma)
    expect(after).toEqual(await show(plain))
    expect(after).not.toEqual(before)
    const rolled = prisma.$transaction([
      prisma.user.update({ where: { id: 1 }, data: { name: 'Zoe' } }),
      prisma.user.create({ data: { name: 'Bo', email: 'bo@example.com' } }),
    ])
    await expect(rolled).rejects.toThrow('Unique constraint')
    expect(await show(prisma)).toEqual(after)
  })

  test('a transaction in which the write was sent by an extension around each query', async () => {
    const { client, plain } = await open()
    // As extensions for row-level security do it.
    const prisma: Client = client
      .$extends({
        query: {
          $allModels: {
            async $allOperations({ args, query }: any) {
              const [, result] = await client.$transaction([
                client.$executeRaw`UPDATE Tag SET label = label`,
                query(args),
              ])
              return result
            },
          },
        },
      })
      .$extends(queryCache())
    await prisma.user.findMany()
    await prisma.user.update(rename)
    expect(await prisma.user.findMany()).toEqual(await plain.user.findMany())
  })
})

describe('wrong options', () => {
  withDatabase()

  test.each([
    [[{ maxEntries: 0 }], 'RangeError: maxEntries: expected a positive integer or Infinity, got 0'],
    [[{}, { tll: {} }], "TypeError: tll: there is no such option; did you mean 'ttl'?"],
    [[{}, 'all'], "TypeError: options: expected an object such as { ttl: { Product: '1h' } }, got 'all'"],
    [[{}, { ttl: '1h' }], "TypeError: ttl: expected times by model such as { Product: '1h' }, got '1h'"],
    [[{}, { ttl: { User: -1 } }], 'RangeError: ttl.User: expected a time of 0 or more, got -1'],
    [[{}, { rawWrites: ['User'] }], 'TypeError: rawWrites: expected a function, got an array'],
  ])('%j', (args, error) => {
    expect(() => queryCache(...(args as [CacheOptions, object]))).toThrow(
      expect.toSatisfy((thrown) => String(thrown) === error),
    )
  })

  test('names of no model, and what is no client', async () => {
    const { client, plain } = await open()
    const models = '(User, Post, Profile, Tag, Report, Figure)'
    expect(() => client.$extends(queryCache({}, { ttl: { Usr: '1h' } }))).toThrow(
      new TypeError(`ttl.Usr: expected the name of a model ${models}, got 'Usr'`),
    )
    const prisma: Client = client.$extends(queryCache({}, { rawWrites: () => ['users'] }))
    await expect(prisma.$executeRaw`DELETE FROM Tag`).rejects.toThrow(
      new TypeError(`rawWrites: expected the name of a model ${models}, got 'users'`),
    )
    expect(await plain.tag.count()).toBe(1)
    expect(() => queryCache()({ $extends: () => ({}) })).toThrow(
      new TypeError('client: expected a client of Prisma, got an object'),
    )
  })
})
