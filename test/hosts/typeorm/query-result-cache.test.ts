import { Cache, type CacheOptions } from 'nearcache'
import { queryResultCache } from 'nearcache/typeorm'
import * as typeorm1 from 'typeorm'
import * as typeorm03 from 'typeorm-0.3'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

interface User {
  id: number
  name: string
  posts?: Post[]
}

interface Post {
  id: number
  title: string
  author?: User
}

const versions = { '1': typeorm1, '0.3': typeorm03 as unknown as typeof typeorm1 }

describe.each(Object.entries(versions))(
  'queryResultCache in TypeORM %s',
  (_, { DataSource, EntitySchema }) => {
    const User = new EntitySchema<User>({
      name: 'User',
      columns: { id: { type: Number, primary: true }, name: { type: String } },
      relations: { posts: { type: 'one-to-many', target: 'Post', inverseSide: 'author' } },
    })
    const Post = new EntitySchema<Post>({
      name: 'Post',
      columns: { id: { type: Number, primary: true }, title: { type: String } },
      relations: { author: { type: 'many-to-one', target: 'User', inverseSide: 'posts' } },
    })

    let opened: typeorm1.DataSource[] = []

    /** A data source on a database of its own in which Ada, Bo and Cy are, with what it has sent to it that reads. */
    async function open(cache: typeorm1.DataSourceOptions['cache']) {
      const reads: string[] = []
      const logger = {
        logQuery: (query: string) => void (query.startsWith('SELECT') && reads.push(query)),
        logQueryError() {},
        logQuerySlow() {},
        logSchemaBuild() {},
        logMigration() {},
        log() {},
      }
      const entities = [User, Post]
      const options = {
        type: 'sqljs',
        entities,
        synchronize: true,
        logging: true,
        logger,
        cache: cache!,
      } as const
      const source = await new DataSource(options).initialize()
      opened.push(source)
      const users = source.getRepository(User)
      await users.insert([
        { id: 1, name: 'Ada' },
        { id: 2, name: 'Bo' },
        { id: 3, name: 'Cy' },
      ])
      reads.length = 0
      return { source, users, reads }
    }

    const openNear = (backing?: Cache<string, string> | CacheOptions<string, string>, options?: object) =>
      open({ ...options, provider: () => queryResultCache(backing) })

    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['Date'] })
    })

    afterEach(async () => {
      vi.useRealTimers()
      for (const source of opened) await source.destroy()
      opened = []
    })

    test('a hit does not reach the database, where the cache of TypeORM reads it there', async () => {
      const near = await openNear()
      await near.users.find({ cache: true })
      expect(await near.users.find({ cache: true })).toHaveLength(3)
      expect(near.reads).toHaveLength(1)

      const own = await open(true)
      await own.users.find({ cache: true })
      own.reads.length = 0
      expect(await own.users.find({ cache: true })).toHaveLength(3)
      expect(own.reads).toEqual([expect.stringContaining('query-result-cache')])
    })

    test('bounded, where the table of TypeORM keeps what has expired', async () => {
      const near = new Cache<string, string>({ maxEntries: 10 })
      const { users } = await openNear(near)
      const own = await open(true)
      for (let id = 0; id < 30; id++) {
        await users.find({ where: { id }, cache: 1 })
        await own.users.find({ where: { id }, cache: 1 })
        vi.advanceTimersByTime(1000)
      }
      expect(near.size).toBeLessThanOrEqual(10)
      expect(await own.source.query('SELECT count(*) AS rows FROM "query-result-cache"')).toEqual([
        { rows: 30 },
      ])
    })

    test('the duration of a query, in milliseconds, holds over that of the data source and the ttl', async () => {
      const { users, reads } = await openNear({ ttl: '1h' }, { duration: 5_000 })
      const read = async (cache: number | true) => {
        reads.length = 0
        await users.find({ cache, select: { id: true, name: cache === true } })
        return reads.length
      }
      expect([await read(true), await read(2_000)]).toEqual([1, 1])
      vi.advanceTimersByTime(1_999)
      expect([await read(true), await read(2_000)]).toEqual([0, 0])
      vi.advanceTimersByTime(1)
      expect([await read(true), await read(2_000)]).toEqual([0, 1])
      vi.advanceTimersByTime(2_999)
      expect(await read(true)).toBe(0)
      vi.advanceTimersByTime(1)
      expect(await read(true)).toBe(1)
    })

    test('without any duration a result lives for one second', async () => {
      const { users, reads } = await openNear()
      await users.find({ cache: true })
      vi.advanceTimersByTime(999)
      await users.find({ cache: true })
      expect(reads).toHaveLength(1)
      vi.advanceTimersByTime(1)
      await users.find({ cache: true })
      expect(reads).toHaveLength(2)
    })

    // TypeORM 0.3 takes a duration of 0 of the data source for none.
    test('a duration of 0 keeps nothing, and removes what was there', async () => {
      const cache = new Cache<string, string>()
      const { source, users } = await openNear(cache)
      await users.find({ cache: { id: 'a', milliseconds: 1000 } })
      const read = { identifier: 'a', query: '', result: '[]' }
      await source.queryResultCache!.storeInCache({ ...read, duration: 0 }, undefined)
      expect(cache.size).toBe(0)
    })

    test('results that are empty, null or 0 are results', async () => {
      const { users, reads } = await openNear()
      const none = { where: { id: 99 }, cache: true }
      for (let i = 0; i < 2; i++) {
        expect(await users.find(none)).toEqual([])
        expect(await users.findOne(none)).toBe(null)
        expect(await users.count(none)).toBe(0)
      }
      expect(reads).toHaveLength(3)
    })

    test('a page with relations, which takes two queries, hits by its identifier', async () => {
      const { source, users, reads } = await openNear()
      const page = () =>
        users.find({
          relations: { posts: true },
          order: { id: 'ASC' },
          skip: 1,
          take: 1,
          cache: { id: 'page', milliseconds: 2_000 },
        })
      const posts = [{ id: 1, title: 'On engines' }]
      await source.getRepository(Post).insert({ ...posts[0]!, author: { id: 2 } })
      for (let i = 0; i < 2; i++) expect(await page()).toEqual([{ id: 2, name: 'Bo', posts }])
      expect(reads).toHaveLength(2)
      vi.advanceTimersByTime(2_000)
      await page()
      expect(reads).toHaveLength(4)
    })

    test('queries differ by their parameters', async () => {
      const { users } = await openNear()
      const nameOf = async (id: number) => (await users.findOneOrFail({ where: { id }, cache: true })).name
      expect([await nameOf(1), await nameOf(2), await nameOf(1)]).toEqual(['Ada', 'Bo', 'Ada'])
    })

    test('an identifier stands for its result, whatever the query, as in TypeORM', async () => {
      const { users } = await openNear()
      const cache = { id: 'user', milliseconds: 1000 }
      await users.findOne({ where: { id: 1 }, cache })
      expect(await users.findOne({ where: { id: 2 }, cache })).toEqual({ id: 1, name: 'Ada' })
    })

    test('callers that change what they got change nothing for others', async () => {
      const { users } = await openNear()
      await users.find({ cache: true })
      const [hit] = await users.find({ cache: true })
      hit!.name = 'Eve'
      expect((await users.find({ cache: true }))[0]).toEqual({ id: 1, name: 'Ada' })
    })

    test('concurrent queries each get the result', async () => {
      const { users, reads } = await openNear()
      const many = () => Promise.all(Array.from({ length: 20 }, () => users.find({ cache: true })))
      for (const found of [...(await many()), ...(await many())]) expect(found).toHaveLength(3)
      expect(reads).toHaveLength(20)
    })

    test('clear forgets everything', async () => {
      const { source, users, reads } = await openNear()
      await users.find({ cache: true })
      await source.queryResultCache!.clear()
      await users.find({ cache: true })
      expect(reads).toHaveLength(2)
    })

    test('remove forgets the results under an identifier, and no others', async () => {
      const { source, users, reads } = await openNear()
      const read = async (id: string) => {
        reads.length = 0
        await users.find({ cache: { id, milliseconds: 1000 } })
        return reads.length
      }
      expect([await read('a'), await read('b')]).toEqual([1, 1])
      await source.queryResultCache!.remove(['a', 'unknown'])
      expect([await read('a'), await read('b')]).toEqual([1, 0])
    })

    test('remove forgets counts and pages too, where TypeORM goes on giving the old ones', async () => {
      const near = await openNear()
      const own = await open(true)
      const counts = async ({ source, users }: typeof near) => {
        const cache = { id: 'page', milliseconds: 60_000 }
        const page = () =>
          users.findAndCount({ relations: { posts: true }, order: { id: 'DESC' }, take: 1, cache })
        await page()
        await users.insert({ id: 4, name: 'Dee' })
        await source.queryResultCache!.remove(['page'])
        const [[first], count] = await page()
        return { first: first?.name, count }
      }
      expect(await counts(near)).toEqual({ first: 'Dee', count: 4 })
      expect(await counts(own)).toEqual({ first: 'Cy', count: 3 })
    })

    test('what is removed while it is being read does not come back', async () => {
      const { source, users } = await openNear()
      const cache = { id: 'users', milliseconds: 60_000 }
      const query = source.driver.createQueryRunner('master')
      const original = query.query.bind(query)
      const reading = vi.spyOn(Object.getPrototypeOf(query), 'query')
      // The rows are there, and the result is not stored yet.
      reading.mockImplementationOnce(async (...args: any) => {
        const rows = await (original as any)(...args)
        await users.query(`UPDATE "user" SET "name" = 'Eve' WHERE "id" = 1`)
        await source.queryResultCache!.remove(['users'])
        return rows
      })
      expect((await users.find({ cache }))[0]).toMatchObject({ name: 'Ada' })
      reading.mockRestore()
      expect((await users.find({ cache }))[0]).toMatchObject({ name: 'Eve' })
    })

    test('what a transaction reads and rolls back is given to nobody', async () => {
      const { source, users } = await openNear()
      const failed = source.transaction(async (manager) => {
        await manager.update(User, 1, { name: 'Eve' })
        expect(await manager.findOne(User, { where: { id: 1 }, cache: true })).toMatchObject({ name: 'Eve' })
        throw new Error('rolled back')
      })
      await expect(failed).rejects.toThrow('rolled back')
      expect(await users.findOne({ where: { id: 1 }, cache: true })).toMatchObject({ name: 'Ada' })
    })

    test('alwaysEnabled caches every query but those that say no', async () => {
      const { users, reads } = await openNear({}, { alwaysEnabled: true })
      await users.find()
      await users.find()
      expect(reads).toHaveLength(1)
      await users.find({ cache: false })
      expect(reads).toHaveLength(2)
    })

    test('a failing query is not kept, and reaches its caller', async () => {
      const { users } = await openNear()
      const query = () => users.createQueryBuilder('user').where('nonsense').cache('a', 1000).getMany()
      await expect(query()).rejects.toThrow('nonsense')
      await expect(query()).rejects.toThrow('nonsense')
      expect(await users.find({ cache: { id: 'a', milliseconds: 1000 } })).toHaveLength(3)
    })

    test('a closed cache is an error, or is passed by with ignoreErrors', async () => {
      const cache = new Cache<string, string>()
      const near = await openNear(cache)
      const lenient = await openNear(cache, { ignoreErrors: true })
      cache.close()
      await expect(near.users.find({ cache: true })).rejects.toMatchObject({ code: 'CLOSED' })
      expect(await lenient.users.find({ cache: true })).toHaveLength(3)
    })

    test('is there still when the data source is opened again', async () => {
      const { source, users } = await openNear()
      await users.find({ cache: 60_000 })
      await source.destroy()
      await source.initialize()
      expect(await users.find({ cache: 60_000 })).toHaveLength(3)
    })

    test('wrong options are refused when the data source is made', () => {
      expect(
        () =>
          new DataSource({ type: 'sqljs', cache: { provider: () => queryResultCache({ maxEntries: 0 }) } }),
      ).toThrow(new RangeError('maxEntries: expected a positive integer or Infinity, got 0'))
    })
  },
)
