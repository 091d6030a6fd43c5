import { queryCache } from 'nearcache/prisma'
import { redisTier } from 'nearcache/redis'
import { TieredCache } from 'nearcache/tiered'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connectClient } from '../../tiers/support/clients.ts'
import { hasServer, startServer, type TestServer } from '../../tiers/support/server.ts'
import { until } from '../../tiers/support/until.ts'
import { connect, createDatabase } from './database.ts'

describe.skipIf(!hasServer)('two tiered caches over one server (skipped where there is none)', () => {
  let database: Awaited<ReturnType<typeof createDatabase>>
  let server: TestServer
  let closing: (() => unknown)[]

  beforeEach(async () => {
    database = await createDatabase()
    server = await startServer()
    closing = []
  })

  afterEach(async () => {
    for (const close of closing.reverse()) await close()
    await server.kill()
    database.remove()
  })

  /** What a process has: a client of the database, and a cache with a connection of its own. */
  async function start() {
    const redis = await connectClient('redis', server.port)
    const cache = new TieredCache<string, unknown>({ name: 'prisma', remote: redisTier(redis.client as any) })
    await cache.ready()
    const { client, sent } = await connect(database.url)
    closing.push(
      () => redis.close(),
      () => cache.close(),
      () => client.$disconnect(),
    )
    return { prisma: client.$extends(queryCache(cache)) as any, sent }
  }

  test('what one has read the other need not; what one writes, in a transaction or not, neither serves any more', {
    timeout: 60_000,
  }, async () => {
    const [one, two] = [await start(), await start()]
    const name = async ({ prisma }: typeof one) =>
      (await prisma.user.findUnique({ where: { id: 1 }, include: { posts: true } })).name
    expect(await name(one)).toBe('Ada')
    await until(async () => {
      const before = two.sent.length
      return (await name(two)) === 'Ada' && two.sent.length === before
    })

    await one.prisma.user.update({ where: { id: 1 }, data: { name: 'Eve' } })
    expect(await name(one)).toBe('Eve')
    await until(async () => (await name(two)) === 'Eve')

    await two.prisma.$transaction(async (tx: any) => {
      await tx.user.update({ where: { id: 1 }, data: { name: 'Zoe' } })
      expect(await name(one)).toBe('Eve')
    })
    expect(await name(two)).toBe('Zoe')
    await until(async () => (await name(one)) === 'Zoe')

    await one.prisma.$executeRaw`UPDATE User SET name = 'Ida' WHERE id = 1`
    expect(await name(one)).toBe('Ida')
    await until(async () => (await name(two)) === 'Ida')
  })

  test('queries that lead to a model with a Decimal, which cannot leave the process, are sent each time', async () => {
    const { prisma, sent } = await start()
    for (let i = 1; i < 3; i++) {
      const [figure] = await prisma.figure.findMany({ include: { report: true } })
      expect([String(figure.report.amount), figure.value]).toEqual(['12.5', 7])
      expect(sent).toHaveLength(2 * i)
    }
  })
})
