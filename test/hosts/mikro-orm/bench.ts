import { defineEntity, MikroORM, type Options, p } from '@mikro-orm/libsql'
import { resultCacheAdapter } from 'nearcache/mikro-orm'
import type { HostCase } from '../bench.ts'

const User = defineEntity({ name: 'User', properties: { id: p.integer().primary(), name: p.string() } })
const KEY = 'ada'
const MS = 3_600_000

async function open(resultCache: NonNullable<Options['resultCache']>) {
  const orm = await MikroORM.init({ entities: [User], dbName: ':memory:', resultCache })
  await orm.schema.create()
  const em = orm.em.fork()
  em.create(User, { id: 1, name: 'Ada' })
  await em.flush()
  return { orm, read: () => orm.em.fork().findOne(User, { name: 'Ada' }, { cache: [KEY, MS] }) }
}

const cases: HostCase[] = [
  {
    name: 'MikroORM findOne',
    own: 'its memory adapter',
    async setUp() {
      const [near, own] = [await open({ adapter: resultCacheAdapter() }), await open({})]
      await near.read()
      await own.read()
      const adapter = new (resultCacheAdapter())({ expiration: MS })
      adapter.set(KEY, { id: 1, name: 'Ada' })
      return {
        withNearcache: near.read,
        withOwn: own.read,
        alone: () => adapter.get(KEY),
        tearDown: () => Promise.all([near.orm.close(), own.orm.close()]),
      }
    },
  },
]

export default cases
