import type { Tier } from 'nearcache/tiered'
import { connectClient } from '../../test/tiers/support/clients.ts'
import type { TestServer } from '../../test/tiers/support/server.ts'
import { until } from '../../test/tiers/support/until.ts'
import { median, quantile } from '../statistics.ts'
import { type Cost, compared, cost, times } from './cost.ts'
import { distantCosts } from './distant.ts'
import { localCosts } from './local.ts'
import { Cache, redisTier, TieredCache } from './package.ts'

type Loose = any

/** Messages worked off in one go. */
const COUNT = 200_000

const state = "redis.call('HMGET', KEYS[1], 'e', 'i', 'c', 'kf', 'tf', 'kn', 'tn')"
/** What scripts cost whatever they are for: their keys and arguments, and the commands that they call. */
const scripts = [
  ['an empty script with keys and arguments as for `read`', 'return 0', 5, 3],
  [
    'the commands of `read` alone in a script',
    "local s = redis.call('HMGET', KEYS[1], 'e', 'i', 'c') return { 1, s[1], s[2], redis.call('GET', KEYS[5]) }",
    ...[5, 3],
  ],
  ['an empty script with keys and arguments as for `write`', 'return 0', 5, 10],
  [
    'the commands of `write` alone in a script',
    `local s = ${state}
    redis.call('ZCARD', KEYS[3]) redis.call('ZCARD', KEYS[4])
    redis.call('XADD', KEYS[2], 'MAXLEN', '~', 10000, '*', 'p', s[2], 'b', ARGV[5])
    redis.call('PUBLISH', 'nc:{bench}:floor', ARGV[5])
    redis.call('UNLINK', KEYS[5] .. 'none')
    redis.call('ZADD', KEYS[3], 5, KEYS[5])
    redis.call('HSET', KEYS[1], 'i', s[2], 'kn', 1)
    return { 1, s[1], s[2], s[2], 0 }`,
    ...[5, 10],
  ],
  ['an empty script with keys and arguments as for `pull`', 'return 0', 2, 2],
  [
    'the commands of `pull` alone in a script',
    "local s = redis.call('HMGET', KEYS[1], 'e', 'i') local t = redis.call('TIME') return { 1, s[1], s[2], t[1], {} }",
    ...[2, 2],
  ],
] as [what: string, script: string, keys: number, args: number][]

const alone = { name: '', its: undefined, ratio: undefined, goal: undefined }

/** What a tiered cache costs over ioredis; both sides of each pair in turn, the median of the rounds. */
export async function costs(server: TestServer, rounds: number): Promise<Cost[]> {
  const rows: Cost[] = localCosts(server, rounds, 7)
  const { client, close } = await connectClient('ioredis', server.port)
  const raw: Loose = client
  const users = new TieredCache<string, unknown>({
    name: 'bench',
    remote: redisTier(client),
    maxEntries: 10_000,
    ttl: '1h',
  })
  await users.ready()
  await until(() => users.stats().remote.isListening)

  const keys = Array.from({ length: 1000 }, (_, i) => `user:${i}`)
  const value = { id: 1, name: 'Ann', text: 'x'.repeat(450) }
  for (const key of keys) await users.set(key, value)

  // Redis

  const tier = redisTier(client, { subscriber: false }).open('bench')
  const payload = JSON.stringify(value)
  await raw.set('plain', payload)
  for (const key of keys) await raw.set(key, payload)
  const hundred = keys.slice(0, 100)
  const encoded = hundred.map((key) => `s${key}`)
  const mget = (): Promise<unknown> => raw.mget(...hundred)
  rows.push(
    await compared(
      rounds,
      'hit in Redis, not decoded',
      50,
      'µs',
      1.7,
      () => times(50, () => tier.read([encoded[0]!], undefined, 0)),
      'GET',
      () => times(50, () => raw.get('plain')),
    ),
  )
  // With room for one entry alone, each look-up of another key asks Redis.
  const narrow = new TieredCache<string, unknown>({
    name: 'bench-narrow',
    remote: redisTier(client),
    maxEntries: 1,
  })
  await narrow.ready()
  for (const key of keys.slice(0, 50)) await narrow.set(key, value)
  rows.push(
    await compared(
      rounds,
      'hit in Redis, decoded and kept',
      50,
      'µs',
      undefined,
      () => times(50, (i) => narrow.lookup(keys[i]!)),
      'GET and JSON.parse',
      () => times(50, async (i) => JSON.parse(await raw.get(keys[i]!))),
    ),
  )
  rows.push(
    await compared(
      rounds,
      '100 keys from Redis',
      5,
      'µs',
      4,
      () => times(5, () => tier.read(encoded, undefined, 0)),
      'MGET',
      () => times(5, mget),
    ),
  )
  rows.push(
    await compared(
      rounds,
      'invalidation to its acknowledgement',
      50,
      'µs',
      3.5,
      () => times(50, (i) => users.delete(`gone:${i}`)),
      'DEL',
      () => times(50, (i) => raw.del(`gone:${i}`)),
    ),
  )
  rows.push(...(await distantCosts(server, rounds)))

  // To another process

  const other = await connectClient('ioredis', server.port)
  const arrived: ((bytes: Uint8Array) => void)[] = []
  // What is published alone has a channel of its own, as it is no message of a cache.
  for (const name of ['delivery', 'bare'])
    await redisTier(other.client)
      .open(name)
      .push!.listen((bytes) => arrived[0]?.(bytes))
  const sender = new TieredCache<string, number>({ name: 'delivery', remote: redisTier(client) })
  await sender.ready()
  const delivery = async (send: () => unknown): Promise<number> => {
    const start = performance.now()
    const heard = new Promise<number>((resolve) => {
      arrived[0] = () => resolve(performance.now() - start)
    })
    void send()
    return heard
  }
  const [ours, bare]: [number[], number[]] = [[], []]
  for (let i = 0; i < 2000; i++) {
    ours.push(1000 * (await delivery(() => sender.delete(`k${i}`))))
    bare.push(1000 * (await delivery(() => raw.publish('nc:{bare}', 'x'))))
  }
  rows.push(
    cost('delivery to another connection, median', median(ours), 'µs', 'PUBLISH', median(bare), undefined),
  )
  rows.push(
    cost(
      'delivery to another connection, p99',
      quantile(ours, 0.99),
      'µs',
      'PUBLISH',
      quantile(bare, 0.99),
      1.3,
    ),
  )

  // Messages

  rows.push(
    {
      what: 'messages for keys not held',
      ours: await messages(),
      unit: 'a second',
      ...alone,
      least: 300_000,
    },
    { what: 'distrust of a million entries', ours: distrust(1_000_000), unit: 'µs', ...alone, goal: 50 },
    { what: 'distrust of a thousand entries', ours: distrust(1000), unit: 'µs', ...alone },
    { what: 'a new `Map` in place of one with a million entries', ours: renewed(), unit: 'µs', ...alone },
  )

  // The server

  for (const [what, run, goal] of [
    ['read of a key', () => tier.read([encoded[0]!], undefined, 0), 11],
    ['write of a key', () => users.delete('gone'), 30],
  ] as const)
    rows.push(
      cost(
        `server time: ${what}`,
        await serverTime('evalsha', run),
        'µs',
        'GET',
        await serverTime('get', () => raw.get('plain')),
        goal,
      ),
    )
  const { head } = await tier.anchor([])
  rows.push(
    cost(
      'server time: pull without news',
      await serverTime('evalsha', () => tier.pull(head)),
      'µs',
      'GET',
      await serverTime('get', () => raw.get('plain')),
      7,
    ),
  )

  // What stands in the way of these: a script that does nothing, with as many keys and arguments as each of ours, and one that sends the same
  // commands and neither looks at what they give nor decides.
  for (const [what, script, keyCount, argumentCount] of scripts) {
    const sha = await raw.script('LOAD', script)
    const own = ['s', 'l', 'k', 't'].map((part) => `nc:{bench}:floor:${part}`)
    const args = Array.from({ length: argumentCount }, (_, i) => `argument ${i}`)
    await raw.hset(
      own[0],
      ...['e', 'i', 'c', 'kf', 'tf', 'kn', 'tn'].flatMap((field) => [field, '1764300000000000']),
    )
    await raw.set('nc:{bench}:floor:v', payload)
    const keyed = [...own, 'nc:{bench}:floor:v'].slice(0, keyCount)
    rows.push(
      cost(
        `server time: ${what}`,
        await serverTime('evalsha', () => raw.evalsha(sha, keyCount, ...keyed, ...args)),
        'µs',
        'GET',
        await serverTime('get', () => raw.get('plain')),
        undefined,
      ),
    )
  }

  await sender.close()
  await users.close()
  await narrow.close()
  await close()
  await other.close()
  return rows

  /** Microseconds of the server's time for one command of that name. */
  async function serverTime(command: string, run: () => Promise<unknown>): Promise<number> {
    await server.socket.command(['CONFIG', 'RESETSTAT'])
    await times(500, run)
    const stats = String(await server.socket.command(['INFO', 'commandstats']))
    return Number(new RegExp(`cmdstat_${command}:.*usec_per_call=([\\d.]+)`).exec(stats)![1])
  }
}

/** How many messages of other processes are worked off in a second. */
async function messages(): Promise<number> {
  let push: (bytes: Uint8Array) => void = () => {}
  const nothing: Tier = {
    read: async () => ({ isKnown: true, epoch: '1', head: '1-1', values: [] }),
    fill: async () => 'stored',
    write: async () => ({ isKnown: true, epoch: '1', id: '2-1', previous: '1-1', kept: false }),
    pull: async (seen) => ({ isKnown: true, epoch: '1', head: seen, time: Date.now(), entries: [] }),
    anchor: async () => ({
      epoch: '1',
      isFresh: true,
      age: 0,
      head: '1-1',
      oldest: '1-1',
      time: Date.now(),
      lost: [],
    }),
    push: {
      listen: async (onBytes) => {
        push = onBytes
        return () => {}
      },
    },
  }
  const cache = new TieredCache<string, number>({ name: 'messages', remote: { open: () => nothing } })
  await cache.ready()
  await until(() => cache.stats().remote.isListening)
  const rates = Array.from({ length: 5 }, (_, round) => {
    const all = messagesFrom(round * COUNT)
    const start = performance.now()
    for (const bytes of all) push(bytes)
    return (1000 * COUNT) / (performance.now() - start)
  })
  if (cache.stats().remote.received !== 5 * COUNT) throw new Error('not all messages were applied')
  await cache.close()
  return median(rates)
}

/** Messages of one that has deleted a key each, from a position on. */
function messagesFrom(position: number): Uint8Array[] {
  return Array.from({ length: COUNT }, (_, i) => {
    const at = position + i
    const key = Buffer.from(`suser:${at}`)
    const body = Buffer.alloc(15 + 2 + key.length)
    body.set([1, 1, 9, 9, 9, 9, 9, 9])
    body.writeUInt16BE(1, 12)
    body.writeUInt16BE(key.length, 14)
    key.copy(body, 16)
    return Buffer.concat([Buffer.from(`1 ${at + 1}-1 ${at + 2}-1 `), body])
  })
}

/** How long it takes to distrust so many entries, which is what `clear` takes, where that has been done often before. */
function distrust(count: number): number {
  for (let i = 0; i < 3000; i++) distrustOne(100)
  return median(Array.from({ length: 9 }, () => distrustOne(count)))
}

function distrustOne(count: number): number {
  const cache = new Cache<number, number>({ maxEntries: count, ttl: '1h' })
  for (let key = 0; key < count; key++) cache.set(key, key)
  const start = performance.now()
  cache.clear()
  const time = performance.now() - start
  cache.close()
  return 1000 * time
}

/** How long it takes to put an empty Map in the place of one with a million entries. */
function renewed(): number {
  const times: number[] = []
  for (let i = 0; i < 5; i++) {
    const holder = { map: new Map<number, number>() }
    for (let key = 0; key < 1_000_000; key++) holder.map.set(key, key)
    const start = performance.now()
    holder.map = new Map()
    times.push(1000 * (performance.now() - start))
  }
  return median(times)
}
