import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  Cache,
  clearMap,
  clock,
  deleteFromMap,
  ENTRIES,
  end,
  expire,
  full,
  fullMap,
  grow,
  growMap,
  growthAt,
  listener,
  MANY,
  manyNamespaces,
  once,
  resize,
  rested,
  settle,
  swept,
  turns,
} from './pauses-steps.ts'

interface Case {
  readonly run: () => unknown
  /** What a Map does for the same, if it does anything like it. */
  readonly map?: () => unknown
  /** Takes gigabytes and long: not done unless asked for. */
  readonly large?: boolean
}

export const cases: Readonly<Record<string, Case>> = {
  '`set`, from none to a million, `maxEntries: 1_000_000`': {
    run: () => grow(ENTRIES, ENTRIES),
    map: () => growMap(ENTRIES),
  },
  '`set`, from none to a million, `maxEntries: Infinity`': {
    run: () => grow(ENTRIES, Infinity),
    map: () => growMap(ENTRIES),
  },
  '`set`, from none to 2^24 + 1 in two namespaces': {
    run: () => grow(2 ** 24 + 2, Infinity, 2),
    map: () => growMap(2 ** 24 + 2, 2),
    large: true,
  },
  '`set` of a second million of keys at `maxEntries: 1_000_000`': {
    run() {
      const cache = full()
      settle()
      for (let key = 0; key < ENTRIES; key++) turns.time(() => cache.set(-1 - key, key))
    },
    map() {
      const map = fullMap()
      settle()
      for (let key = 0; key < ENTRIES; key++)
        turns.time(() => {
          map.delete(key)
          map.set(-1 - key, key)
        })
    },
  },
  '`resize` to 10': { run: () => resize(10), map: () => deleteFromMap(100_000) },
  '`resize` to 10, lru': { run: () => resize(10, { policy: 'lru' }), map: () => deleteFromMap(100_000) },
  '`resize` to 10, with a listener': { run: () => resize(10, listener), map: () => deleteFromMap(100_000) },
  '`resize` to half a million': { run: () => resize(ENTRIES / 2), map: () => deleteFromMap(2) },
  '`resize` to 100,000': { run: () => resize(ENTRIES / 10), map: () => deleteFromMap(10) },
  '`resize` to 10 after evictions, 400,000 ghosts': {
    async run() {
      const cache = full()
      for (let key = 0; key < ENTRIES / 2; key++) cache.set(-1 - key, key)
      settle()
      turns.time(() => cache.resize(10))
      await swept(cache, 10)
    },
    map: () => deleteFromMap(0, ENTRIES + 400_000),
  },
  '`resize` to 10, with 400,000 ghosts: the call alone': {
    run() {
      const cache = full()
      for (let key = 0; key < ENTRIES / 2; key++) cache.set(-1 - key, key)
      settle()
      turns.time(() => cache.resize(10))
    },
  },
  '`expireAll`': { run: () => once((cache) => cache.expireAll(), 0) },
  'the `set` at which the arrays grow from 2^22 slots': {
    run: () => growthAt(new Cache({ maxEntries: Infinity, ttl: Infinity, policy: 'lru' }), 2 ** 22 - 1),
    map: () => growthAt(new Map(), 2 ** 22),
    large: true,
  },
  'the first tag': { run: () => once((cache) => cache.set(0, 0, { tags: ['a'] }), ENTRIES) },
  'the first namespace': { run: () => once((cache) => cache.namespace('a'), ENTRIES) },
  'the first value kept for loads': {
    run: () => once((cache) => cache.getOrLoad(-1, () => 1, { staleWhileRevalidate: '1h' }), ENTRIES),
  },
  '`incrVersion` of one entry': {
    run: () => once((cache) => cache.incrVersion(1), ENTRIES),
    map: () => deleteFromMap(1),
  },
  'all expire': { run: () => expire(0), map: () => deleteFromMap(0) },
  'all expire, with a listener': { run: () => expire(0, listener), map: () => deleteFromMap(0) },
  'all expire, with weights': {
    run: () => expire(0, { maxWeight: Number.MAX_SAFE_INTEGER, weigh: () => 1 }),
    map: () => deleteFromMap(0),
  },
  'all but one in 200 expire': { run: () => expire(200), map: () => deleteFromMap(200) },
  'all but one in 100 expire': { run: () => expire(100), map: () => deleteFromMap(100) },
  'all but one in ten expire': { run: () => expire(10), map: () => deleteFromMap(10) },
  'half expire': { run: () => expire(2), map: () => deleteFromMap(2) },
  '`deleteByTag` of all': {
    run: () =>
      once(
        (cache) => cache.deleteByTag('all'),
        0,
        {},
        (() => {
          const options = { tags: ['all'] }
          return () => options
        })(),
      ),
    map: () => deleteFromMap(0),
  },
  '`clear`': { run: () => once((cache) => cache.clear(), 0), map: clearMap },
  '`clear`, with a listener': { run: () => once((cache) => cache.clear(), 0, listener), map: clearMap },
  '`clear` after evictions, 400,000 ghosts, with a listener': {
    async run() {
      const cache = full(listener)
      for (let key = 0; key < ENTRIES / 2; key++) cache.set(-1 - key, key)
      settle()
      turns.time(() => cache.clear())
      await swept(cache, 0)
    },
    map: clearMap,
  },
  '`close`': { run: () => once((cache) => cache.close(), 0), map: clearMap },
  '`close`, with a listener': { run: () => once((cache) => cache.close(), 0, listener), map: clearMap },
  '`close` of a namespace with all entries, with a listener': {
    async run() {
      const cache = new Cache({ maxEntries: ENTRIES, ttl: Infinity, clock, ...listener })
      const inside = cache.namespace('a')
      for (let key = 0; key < ENTRIES; key++) inside.set(key, key)
      settle()
      turns.time(() => inside.close())
      await swept(cache, 0)
    },
    map: clearMap,
  },
  '100,000 namespaces of one entry expire': {
    async run() {
      const cache = manyNamespaces()
      settle()
      end(cache)
      await swept(cache, 0)
    },
  },
  'half a million expire beside 100,000 namespaces': {
    async run() {
      const cache = manyNamespaces()
      for (let key = 0; key < ENTRIES / 2; key++) cache.set(key, key, { ttl: 1000 })
      settle()
      end(cache)
      await swept(cache, 0)
    },
  },
  '`clear` of 100,000 namespaces': {
    async run() {
      const cache = manyNamespaces()
      settle()
      turns.time(() => cache.clear())
      await rested()
    },
  },
  '`clear` of 100,000 namespaces, with a listener': {
    async run() {
      const cache = manyNamespaces(listener)
      settle()
      turns.time(() => cache.clear())
      await rested()
    },
  },
  '`clear` of a namespace with 100,000 inside': {
    async run() {
      const cache = new Cache({ maxEntries: ENTRIES, ttl: Infinity, clock })
      const outer = cache.namespace('outer')
      for (let i = 0; i < MANY; i++) outer.namespace(String(i)).set(i, i)
      settle()
      turns.time(() => outer.clear())
      await rested()
    },
  },
  '`close` of 100,000 namespaces': {
    async run() {
      const cache = manyNamespaces()
      settle()
      turns.time(() => cache.close())
      await rested()
    },
  },
  '`stats` of 100,000 namespaces': {
    run() {
      const cache = manyNamespaces()
      settle()
      turns.time(() => cache.stats())
    },
  },
  '100,000 caches due at once': {
    async run() {
      const caches = Array.from({ length: MANY }, () => {
        const cache = new Cache({ clock })
        for (let key = 0; key < 3; key++) cache.set(key, key, { ttl: 1000 })
        return cache
      })
      settle()
      end(caches[0]!)
      for (const cache of caches) while (cache.size > 0) await nextTurn()
    },
  },
}

/** The longest turn of a case in milliseconds, or of what a Map does in its place. */
export async function measure(name: string, side: 'run' | 'map'): Promise<number> {
  await cases[name]![side]!()
  return turns.longest
}
