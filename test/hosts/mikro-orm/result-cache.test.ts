import { defineEntity, MikroORM, type Options, p, Type } from '@mikro-orm/libsql'
import { Cache, type CacheOptions } from 'nearcache'
import { resultCacheAdapter } from 'nearcache/mikro-orm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

const User = defineEntity({
  name: 'User',
  properties: {
    id: p.integer().primary(),
    name: p.string(),
    settings: p.json<{ theme: string }>(),
    born: p.datetime(),
    friends: () => p.manyToMany(User),
  },
})

/** Kept with an exclamation mark; one that is missing tells of a value converted twice. */
class Shouted extends Type<string, string> {
  override convertToDatabaseValue(value: string): string {
    return `${value}!`
  }
  override convertToJSValue(value: string): string {
    if (!value.endsWith('!')) throw new Error(`converted twice: ${value}`)
    return value.slice(0, -1)
  }
}
const Note = defineEntity({
  name: 'Note',
  properties: {
    id: p.integer().primary(),
    secret: p.string().hidden(),
    text: p.type(Shouted).columnType('text').$type<string>(),
  },
})

type ResultCache = NonNullable<Options['resultCache']>

let opened: MikroORM[] = []

/** An ORM on a database of its own in which Ada and Bo are, with what it has read from there. */
async function open(resultCache: ResultCache = {}) {
  const reads: string[] = []
  const orm = await MikroORM.init({
    entities: [User, Note],
    dbName: ':memory:',
    resultCache,
    debug: ['query'],
    colors: false,
    logger: (line) => void (/\] select/.test(line) && reads.push(line)),
  })
  opened.push(orm as unknown as MikroORM)
  await orm.schema.create()
  const em = orm.em.fork()
  const settings = { theme: 'dark' }
  const born = new Date(0)
  const [ada] = [
    em.create(User, { id: 1, name: 'Ada', settings, born }),
    em.create(User, { id: 2, name: 'Bo', settings, born }),
  ]
  ada.friends.add(em.getReference(User, 2))
  await em.flush()
  reads.length = 0
  /** A request of its own: nothing is left in an identity map. */
  const fork = () => orm.em.fork()
  return { orm, fork, reads }
}

const openNear = (backing?: Cache<string, unknown> | CacheOptions<string, unknown>, more?: ResultCache) =>
  open({ ...more, adapter: resultCacheAdapter(backing) })

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(async () => {
  vi.useRealTimers()
  for (const orm of opened) await orm.close()
  opened = []
})

describe('resultCacheAdapter in MikroORM 7', () => {
  test('find, findOne, findAndCount, count and query builders hit', async () => {
    const { fork, reads } = await openNear()
    const run = async () => {
      const em = fork()
      const found = await em.find(User, {}, { cache: true, populate: ['friends'], orderBy: { id: 'asc' } })
      return {
        names: found.map(({ name, friends }) => [name, friends.getItems().map((friend) => friend.name)]),
        one: (await em.findOne(User, { name: 'Ada' }, { cache: true }))?.settings,
        page: (await em.findAndCount(User, {}, { limit: 1, cache: true }))[1],
        count: await em.count(User, {}, { cache: true }),
        rows: await em.createQueryBuilder(User).select('name').cache(true).execute(),
      }
    }
    const first = await run()
    expect(first).toEqual({
      names: [
        ['Ada', ['Bo']],
        ['Bo', []],
      ],
      one: { theme: 'dark' },
      page: 2,
      count: 2,
      rows: [{ name: 'Ada' }, { name: 'Bo' }],
    })
    const sent = reads.length
    expect(sent).toBeGreaterThanOrEqual(5)
    expect(await run()).toEqual(first)
    expect(reads).toHaveLength(sent)
  })

  test('entities from a hit are managed: a change of them is written', async () => {
    const { fork } = await openNear()
    for (const name of ['Eve', 'Zoe']) {
      const em = fork()
      const ada = await em.findOneOrFail(User, 1, { cache: 60_000 })
      ada.name = name
      await em.flush()
    }
    expect(await fork().findOneOrFail(User, 1)).toMatchObject({ name: 'Zoe', born: new Date(0) })
  })

  test('null, 0 and no rows are results; what a query builder does not find is none', async () => {
    const { fork, reads } = await openNear()
    const none = { id: 99 }
    for (let i = 0; i < 2; i++) {
      expect(await fork().findOne(User, none, { cache: true })).toBe(null)
      expect(await fork().find(User, none, { cache: true })).toEqual([])
      expect(await fork().count(User, none, { cache: true })).toBe(0)
      expect(await fork().createQueryBuilder(User).where(none).cache(true).execute('get')).toBe(null)
    }
    expect(reads.length).toBeLessThanOrEqual(5)
    const Adapter = resultCacheAdapter()
    const adapter = new Adapter({ expiration: 1000 })
    adapter.set('a', 1)
    adapter.set('a', undefined)
    expect(adapter.get('a')).toBe(undefined)
  })

  test('bounded, where the memory adapter keeps every result that nobody asks for again', async () => {
    const cache = new Cache<string, unknown>({ maxEntries: 10 })
    const near = await openNear(cache)
    const own = await open()
    for (let id = 0; id < 30; id++) {
      await near.fork().findOne(User, id, { cache: 1 })
      await own.fork().findOne(User, id, { cache: 1 })
    }
    vi.advanceTimersByTime(60_000)
    expect([...cache.keys()]).toEqual([])
    expect(cache.stats().evictions).toBe(20)
    // Its Map is private: what it holds is to be seen once the clock is turned back.
    vi.setSystemTime(Date.now() - 60_000)
    own.reads.length = 0
    for (let id = 0; id < 30; id++) await own.fork().findOne(User, id, { cache: 1 })
    expect(own.reads).toHaveLength(0)
  })

  test('the expiration of a query, in milliseconds, holds over that of the ORM and the ttl', async () => {
    const { fork, reads } = await openNear({ ttl: '1h' }, { expiration: 5_000 })
    const read = async (cache: number | true | [string, number]) => {
      reads.length = 0
      await fork().findOne(User, { name: `${cache}` }, { cache })
      return reads.length
    }
    const each = async () => [await read(true), await read(2_000), await read(['a', 3_000])]
    expect(await each()).toEqual([1, 1, 1])
    vi.advanceTimersByTime(2_000)
    expect(await each()).toEqual([0, 0, 0])
    vi.advanceTimersByTime(1)
    expect(await each()).toEqual([0, 1, 0])
    vi.advanceTimersByTime(1_000)
    expect(await each()).toEqual([0, 0, 1])
    vi.advanceTimersByTime(1_999)
    expect(await read(true)).toBe(0)
    vi.advanceTimersByTime(1)
    expect(await read(true)).toBe(1)
  })

  test.each([
    ['the memory adapter', undefined],
    ['nearcache', resultCacheAdapter()],
  ])(
    '%s gives a result through the millisecond in which it expires, by default of one second',
    async (_, adapter) => {
      const { fork, reads } = await open(adapter && { adapter })
      await fork().find(User, {}, { cache: true })
      vi.advanceTimersByTime(1000)
      await fork().find(User, {}, { cache: true })
      expect(reads).toHaveLength(1)
      vi.advanceTimersByTime(1)
      await fork().find(User, {}, { cache: true })
      expect(reads).toHaveLength(2)
    },
  )

  test('a negative expiration keeps nothing', async () => {
    const cache = new Cache<string, unknown>()
    const { fork } = await openNear(cache, { expiration: -1 })
    await fork().find(User, {}, { cache: true })
    expect(cache.size).toBe(0)
  })

  test('a global expiration caches every query', async () => {
    const { fork, reads } = await openNear({}, { global: 50 })
    await fork().find(User, {})
    await fork().find(User, {})
    expect(reads).toHaveLength(1)
    vi.advanceTimersByTime(51)
    await fork().find(User, {})
    expect(reads).toHaveLength(2)
  })

  test('hidden properties and those of custom types are read from a hit, too', async () => {
    const { orm } = await openNear()
    await orm.em.fork().insert(Note, { id: 1, secret: 'x', text: 'hello' })
    for (let i = 0; i < 2; i++) {
      expect(await orm.em.fork().findOneOrFail(Note, 1, { cache: true })).toMatchObject({
        secret: 'x',
        text: 'hello',
      })
      expect(await orm.em.fork().find(Note, {}, { cache: true })).toMatchObject([
        { secret: 'x', text: 'hello' },
      ])
    }
  })

  test('clearCache forgets a named result, and no other', async () => {
    const { fork, reads } = await openNear()
    const read = async (name: string) => {
      reads.length = 0
      await fork().find(User, {}, { cache: [name, 60_000] })
      return reads.length
    }
    expect([await read('a'), await read('b')]).toEqual([1, 1])
    await fork().clearCache('a')
    expect([await read('a'), await read('b')]).toEqual([1, 0])
  })

  test('what is cleared while it is being read does not come back, where the memory adapter keeps it', async () => {
    const after = async ({ orm, fork }: Awaited<ReturnType<typeof open>>) => {
      const driver = orm.em.getDriver()
      const find = driver.find.bind(driver)
      // The rows are there, and the result is not stored yet.
      const reading = vi.spyOn(driver, 'find').mockImplementationOnce(async (...args: any) => {
        const rows = await (find as any)(...args)
        await fork().nativeUpdate(User, 1, { name: 'Eve' })
        await fork().clearCache('users')
        return rows
      })
      await fork().find(User, { id: 1 }, { cache: ['users', 60_000] })
      reading.mockRestore()
      return (await fork().find(User, { id: 1 }, { cache: ['users', 60_000] }))[0]?.name
    }
    expect(await after(await openNear())).toBe('Eve')
    expect(await after(await open())).toBe('Ada')
  })

  test("with protect: 'clone' nobody changes what others get, where the memory adapter hands out one object", async () => {
    const after = async ({ fork }: Awaited<ReturnType<typeof open>>) => {
      const read = () => fork().findOneOrFail(User, 1, { cache: 60_000 })
      for (const year of [2000, 2001]) {
        const user = await read()
        user.settings.theme = `changed in ${year}`
        user.born.setFullYear(year)
      }
      const { settings, born } = await read()
      return { theme: settings.theme, year: born.getUTCFullYear() }
    }
    expect(await after(await openNear({ protect: 'clone' }))).toEqual({ theme: 'dark', year: 1970 })
    expect(await after(await open())).toEqual({ theme: 'changed in 2001', year: 2001 })
  })

  test('without protect hits share their data, nothing is copied', async () => {
    const cache = new Cache<string, unknown>()
    const { fork } = await openNear(cache)
    const rows = () => fork().createQueryBuilder(User).cache(true).execute()
    await rows()
    expect(await rows()).toBe(await rows())
  })

  test('concurrent queries each get the result', async () => {
    const { fork } = await openNear()
    const read = () => fork().find(User, {}, { cache: true })
    const found = await Promise.all(Array.from({ length: 20 }, read))
    for (const users of [...found, await read()])
      expect(users.map((user) => user.name)).toEqual(['Ada', 'Bo'])
  })

  test('options give each ORM a cache, an existing cache is shared', async () => {
    const adapter = resultCacheAdapter({ maxEntries: 10 })
    const [one, other] = [await open({ adapter }), await open({ adapter })]
    await one.fork().find(User, {}, { cache: true })
    await other.fork().find(User, {}, { cache: true })
    expect(other.reads).toHaveLength(1)
    const cache = new Cache<string, unknown>()
    const tenant = await openNear(cache.namespace('tenant'))
    await tenant.fork().find(User, {}, { cache: true })
    expect([cache.size, cache.namespace('tenant').size]).toEqual([0, 1])
  })

  test('a failing query reaches its caller and is not kept', async () => {
    const { orm, fork } = await openNear()
    vi.spyOn(orm.em.getDriver(), 'find').mockRejectedValueOnce(new Error('lost'))
    await expect(fork().find(User, {}, { cache: true })).rejects.toThrow('lost')
    expect(await fork().find(User, {}, { cache: true })).toHaveLength(2)
  })

  test('a closed cache is an error', async () => {
    const cache = new Cache<string, unknown>()
    const { fork } = await openNear(cache)
    cache.close()
    await expect(fork().find(User, {}, { cache: true })).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('wrong options are refused when the ORM is made', async () => {
    await expect(openNear({ maxEntries: 0 })).rejects.toThrow(
      new RangeError('maxEntries: expected a positive integer or Infinity, got 0'),
    )
  })
})
