import { connectClient } from '../../test/tiers/support/clients.ts'
import { compared } from './cost.ts'
import { Cache, redisTier, TieredCache } from './package.ts'

/*
 * A process that compares one kind of local hit with that of a `Cache` and prints what it costs: `local-process.ts <port> <kind> <rounds>`.
 * Nothing else has run in it, since V8 compiles what two caches share for both, and by luck differently each time.
 */

const [port, kind, rounds] = process.argv.slice(2)
const { client } = await connectClient('ioredis', Number(port))
const options = { maxEntries: 10_000, ttl: '1h' } as const
const local = new Cache<string, unknown>(options)
const remote = redisTier(client)
const other =
  kind === 'second'
    ? new Cache<string, unknown>(options)
    : new TieredCache<string, unknown>({ ...options, name: 'bench-local', remote })
const keys = Array.from({ length: 1000 }, (_, i) => `user:${i}`)
const value = { id: 1, name: 'Ann', text: 'x'.repeat(450) }
for (const key of keys) {
  local.set(key, value)
  await other.set(key, value)
}
// A read is called by a loop of its own, so that none of them is compiled for the other's cache as well.
const loop = (cache: object): (() => unknown) =>
  new Function(
    'cache',
    'keys',
    kind === 'await'
      ? 'const load = () => 1; return async () => { for (let i = 0; i < 20; i++) for (const key of keys) await cache.getOrLoad(key, load) }'
      : 'return () => { let found = 0; for (let i = 0; i < 20; i++) for (const key of keys) if (cache.get(key) !== undefined) found++; return found }',
  )(cache, keys)
const [what, name, goal] = {
  get: ['local hit, get', 'Cache.get', 1.05],
  second: ['the same of a second `Cache`: how exact this is', 'Cache.get', undefined],
  await: ['local hit, await getOrLoad', 'Cache.getOrLoad', 1.05],
}[kind as 'get' | 'second' | 'await'] as [string, string, number | undefined]
const row = await compared(Number(rounds), what, 20_000, 'ns', goal, loop(other), name, loop(local))
console.log(JSON.stringify(row))
process.exit(0)
