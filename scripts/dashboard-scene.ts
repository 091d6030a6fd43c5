/* The caches of a shop that has been busy for an hour, for pictures of the dashboard: the hour passes in a few seconds. */
import { Cache } from '../src/index.ts'
import { processHistory } from '../src/observe/dashboard/history.ts'
import { EVERY, KEPT } from '../src/observe/dashboard/series.ts'

let random = 42
function chance(): number {
  random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0
  return random / 2 ** 32
}

/** A number below `most`, small ones more often. */
function skewed(most: number, skew: number): number {
  return Math.floor(most * chance() ** skew)
}

/** A load time in milliseconds, around a middle, with a tail. */
function around(ms: number): number {
  return ms * (0.5 + chance()) * (chance() < 0.06 ? 5 : 1)
}

interface Shop {
  /** One turn of traffic, `share` of ten seconds; `hour` is how much of the hour has passed. */
  trade(share: number, hour: number): Promise<void>
}

/** Opens the shop, and lets an hour pass; from then on time stands still. */
export async function openShop(withPast = true): Promise<Shop> {
  const options = { onError() {} }
  const users = new Cache<string, object>({ name: 'users', maxEntries: 3000, ttl: '30m', ...options })
  const catalogue = new Cache<string, string>({
    name: 'catalogue',
    maxBytes: '640kb',
    ttl: '20m',
    ...options,
  })
  const settings = new Cache<string, boolean>({
    name: 'settings',
    maxEntries: 100,
    ttl: Infinity,
    ...options,
  })
  const sessions = new Cache<string, object>({
    name: 'sessions',
    maxEntries: 50_000,
    idleTtl: '15m',
    ttl: '8h',
    ...options,
  })
  const rates = new Cache<string, number>({
    ...{
      name: 'exchange-rates',
      maxEntries: 200,
      ttl: '30s',
      staleIfError: '1h',
      staleWhileRevalidate: '1m',
      errorBackoff: '4s',
    },
    ...options,
  })
  const search = new Cache<string, string[]>({ name: 'search', maxEntries: 1000, ttl: '1m', ...options })
  const suggested = new Cache<string, string[]>({
    name: 'recommendations',
    maxEntries: 5000,
    ttl: '5m',
    ...options,
  })
  const regions = ['eu', 'us', 'uk', 'jp'].map((name) => catalogue.namespace<string, string>(name))

  const realNow = Date.now
  let now = realNow()
  /** A loader that takes so long, by the clock that is moved by hand. */
  const taking =
    <V>(ms: number, value: () => V) =>
    async (): Promise<V> => {
      now += around(ms)
      return value()
    }
  const load = async <V>(
    cache: Cache<string, V>,
    key: string,
    ms: number,
    value: () => V,
    tags?: string[],
  ): Promise<void> => {
    const before = now
    await cache
      .getOrLoad(key as never, taking(ms, value) as never, tags && ({ tags } as never))
      .catch(() => {})
    now = before
  }
  let failed = 0
  const trade = async (share: number, hour: number): Promise<void> => {
    const tide = 0.75 + 0.25 * Math.sin(hour * 5)
    const times = (count: number): number => Math.round(count * share * tide)
    for (let i = times(3200); i > 0; i--) {
      const id = `user:${skewed(5000, 30)}`
      if (users.get(id) === undefined)
        await load(users, id, 7, () => ({ id, name: 'Ada', cart: [1, 2, 3] }), ['user'])
    }
    for (let i = times(900); i > 0; i--) {
      const id = `product:${1000 + skewed(3000, 4.2)}`
      await load(regions[skewed(4, 2)]!, id, 34, () => `${id} `.repeat(20 + skewed(60, 2)), [
        'price',
        id.slice(-1) < '5' ? 'sale' : 'new',
      ])
    }
    for (let i = times(1400); i > 0; i--) await load(settings, `flag.${skewed(14, 1)}`, 3, () => true)
    for (let i = times(900); i > 0; i--) {
      const id = `s_${skewed(9000, 16).toString(36)}`
      if (sessions.get(id) === undefined) sessions.set(id, { since: now })
    }
    for (let i = times(260); i > 0; i--) {
      const key = `EUR/${['USD', 'GBP', 'JPY', 'CHF', 'SEK', 'NOK', 'PLN', 'CZK'][skewed(8, 1.5)]!}`
      const before = now
      await rates
        .getOrLoad(key, async () => {
          now += around(90)
          if (hour > 0.86) {
            failed++
            throw new Error(`rates.example: connect ECONNREFUSED 10.0.3.${failed % 7}:443`)
          }
          return chance()
        })
        .catch(() => {})
      now = before
    }
    for (let i = times(70); i > 0; i--)
      await load(search, `q=${skewed(1_000_000, 3).toString(36)}`, 120, () => ['a', 'b'])
    const crowd = hour > 0.45 && hour < 0.6 ? 3 : 1
    for (let i = times(300 * crowd); i > 0; i--)
      await load(suggested, `for:${skewed(4000 * crowd, 9)}`, 260, () => ['p', 'q'])
  }

  if (withPast) {
    const end = realNow()
    Date.now = () => now
    const { setInterval } = globalThis
    globalThis.setInterval = (() => ({})) as never
    const history = processHistory()
    globalThis.setInterval = setInterval
    now = end - KEPT * EVERY
    history.sample()
    for (let tick = 1; tick <= KEPT; tick++) {
      await trade(1, tick / KEPT)
      now = end - (KEPT - tick) * EVERY
      history.sample()
    }
  } else await trade(1, 0.3)
  return { trade }
}
