import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type PostgresPool, postgresBus } from '../../../src/tiers/postgres.ts'
import type { TieredCache } from '../../../src/tiers/tiered.ts'
import { inOtherProcess } from '../support/other-process.ts'
import { hasPostgres, type Postgres, pg, startPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'

type Pool = PostgresPool & {
  readonly totalCount: number
  query(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }>
}

describe.skipIf(!hasPostgres)('LISTEN and NOTIFY of a real PostgreSQL (skipped where there is none)', () => {
  let server: Postgres
  const open: (() => unknown)[] = []
  beforeAll(async () => {
    server = await startPostgres()
  }, 60_000)
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close()
  })
  afterAll(() => server?.stop())

  async function cacheOver(pool: Pool, channel?: string): Promise<TieredCache<string, string>> {
    const cache = inOtherProcess<string, string>({
      name: 'users',
      remote: postgresBus(pool, channel),
      beat: 100,
      writeTimeout: 5000,
      onError: () => {},
    })
    open.push(() => cache.close())
    await cache.ready()
    return cache
  }

  function poolOf(max = 2): Pool {
    const pool = new pg.Pool({ ...server.settings, max })
    pool.on('error', () => {})
    open.push(() => pool.end())
    return pool
  }

  const holding = (cache: TieredCache<string, string>, key: string) =>
    until(async () => {
      await cache.getOrLoad(key, () => 'old')
      return cache.get(key) === 'old'
    })

  test('what one process deletes no other serves, and a single client of each pool is taken', {
    timeout: 60_000,
  }, async () => {
    const pools = [poolOf(1), poolOf(1)] as const
    const [one, other] = [await cacheOver(pools[0]), await cacheOver(pools[1])]
    await holding(other, 'a')
    expect(await one.delete('a')).toBe(true)
    await until(() => other.get('a') === undefined)
    await holding(one, 'b')
    await other.clear()
    await until(() => one.get('b') === undefined)
    expect(pools.map((pool) => pool.totalCount)).toEqual([1, 1])
    await one.close()
    await until(() => pools[0].totalCount === 0)
    expect((await pools[0].query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
  })

  test('more keys than one notification holds go in several', { timeout: 60_000 }, async () => {
    const [one, other] = [await cacheOver(poolOf()), await cacheOver(poolOf())]
    const keys = Array.from({ length: 400 }, (_, i) => `${'k'.repeat(100)}${i}`)
    await holding(other, keys[0]!)
    await holding(other, keys[399]!)
    expect(await one.deleteMany(keys)).toBe(true)
    await until(() => other.get(keys[0]!) === undefined && other.get(keys[399]!) === undefined)
  })

  test('a connection that the server has ended is replaced, what was missed is distrusted, and news come again', {
    timeout: 60_000,
  }, async () => {
    const [one, other] = [await cacheOver(poolOf()), await cacheOver(poolOf(), 'nearcache')]
    await holding(other, 'a')
    const admin = poolOf()
    const { rows } = await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'postgres'`,
    )
    expect(rows.length).toBeGreaterThan(1)
    await one.delete('a')
    await until(() => other.get('a') === undefined)
    await one.settled()
    await holding(other, 'b')
    expect(await one.delete('b')).toBe(true)
    await until(() => other.get('b') === undefined)
  })

  test('notifications that others send on the channel are ignored', { timeout: 60_000 }, async () => {
    const pool = poolOf()
    const cache = await cacheOver(pool)
    await holding(cache, 'a')
    for (const payload of ['', 'hello', '{"a":1}', 'bmM=', '\u{1F600}', 'A'.repeat(7000)])
      await pool.query('SELECT pg_notify($1, $2)', ['nearcache', payload])
    const { pulls } = cache.stats().remote
    await until(() => cache.stats().remote.pulls > pulls + 2)
    expect(cache.get('a')).toBe('old')
  })
})

test('what is no pool of pg, or no channel, is refused', () => {
  const client = new pg.Client()
  expect(() => postgresBus(client as never)).toThrow('pool: expected a Pool of pg, got')
  expect(() => postgresBus(new pg.Pool(), 'a"b')).toThrow('channel: expected 1 to 63 letters')
})
