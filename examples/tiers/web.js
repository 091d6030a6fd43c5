import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { redisTier } from 'nearcache/redis'
import { TieredCache } from 'nearcache/tiered'

// A web process: a cache of its own in front of Redis, and a database that is far away. It does what its parent asks for.
const redis = new Redis(Number(process.argv[2]), '127.0.0.1', { retryStrategy: () => 100 })
redis.on('error', () => {})
const users = new TieredCache({
  name: 'users',
  ttl: '10m',
  maxStale: '2s',
  beat: '500ms',
  remote: redisTier(redis),
  onError: (error) => process.send({ note: error.code ?? error.message }),
})

let where = ''
const waiting = new Map()
let asked = 0
/** The database is in the parent, 30 ms away. */
async function database(question) {
  where = 'database'
  await sleep(30)
  const id = ++asked
  process.send({ ask: question, id })
  return new Promise((resolve) => waiting.set(id, resolve))
}

const work = {
  ready: () => users.ready(),
  async read(id) {
    where = users.has(id) ? 'this process' : 'Redis'
    const user = await users.getOrLoad(id, (key) => database({ user: key }))
    return `${user.name}, from ${where}`
  },
  rename: (id, name) => users.update(id, () => database({ user: id, name })).then(({ name }) => name),
  delete: (id) => users.delete(id),
  settled: () => users.settled(),
  close: () => users.close(),
}

process.on('message', async ({ id, call, args, answer }) => {
  if (answer !== undefined) {
    waiting.get(id)(answer)
    waiting.delete(id)
    return
  }
  const start = performance.now()
  const result = await work[call](...args)
  process.send({ id, result, time: performance.now() - start })
  if (call === 'close') process.exit()
})
