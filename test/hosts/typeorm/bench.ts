import { type QueryResultCache, queryResultCache } from 'nearcache/typeorm'
import { DataSource, EntitySchema } from 'typeorm'
import type { HostCase } from '../bench.ts'

interface User {
  id: number
  name: string
}

const User = new EntitySchema<User>({
  name: 'User',
  columns: { id: { type: Number, primary: true }, name: { type: String } },
})

async function open(cache: true | { provider: () => QueryResultCache }): Promise<DataSource> {
  const source = await new DataSource({
    type: 'sqljs',
    entities: [User],
    synchronize: true,
    cache,
  }).initialize()
  await source.getRepository(User).insert({ id: 1, name: 'Ada' })
  return source
}

const cases: HostCase[] = [
  {
    name: 'TypeORM findOne',
    own: 'its table in the database (sql.js)',
    async setUp() {
      const results = queryResultCache()
      const [near, own] = [await open({ provider: () => results }), await open(true)]
      const read = (source: DataSource) =>
        source
          .getRepository(User)
          .findOne({ where: { id: 1 }, cache: { id: 'ada', milliseconds: 3_600_000 } })
      await read(near)
      await read(own)
      return {
        withNearcache: () => read(near),
        withOwn: () => read(own),
        alone: () => results.getFromCache({ identifier: 'ada', duration: 3_600_000 }),
        tearDown: () => Promise.all([near.destroy(), own.destroy()]),
      }
    },
  },
]

export default cases
