import { queryObjects } from 'node:v8'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Cache, storeOf } from '../../src/cache.ts'
import { FIRST_SLOT } from '../../src/core/slots.ts'
import { Space, Table } from '../../src/core/space.ts'
import { TagGroup } from '../../src/core/tags.ts'
import { Flight } from '../../src/loading/flight.ts'
import { deferred, ticks } from '../support/deferred.ts'
import { checkInvariants } from '../support/invariants.ts'

const MINUTE = 60_000
const STEP = 4 * MINUTE
const DAY = 24 * 60 * MINUTE

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test.each(['lru', 'adaptive'] as const)(
  '24 hours of churn leave nothing behind: %s',
  async (policy) => {
    const cache = new Cache<string, object>({
      ...{ policy, maxEntries: 300, maxWeight: 1000, weigh: () => 2, ttl: '5m', idleTtl: '2m' },
      ...{ onRemoval: () => {}, onError: () => {}, negativeTtl: '10s', errorTtl: '10s' },
      ...{ staleWhileRevalidate: '1m', staleIfError: '3m', refreshAhead: 0.8 },
    })
    const lifetimes = ['500ms', '20s', '3m', '2h', '30d'] as const
    let step = 0

    /** Some minutes in which everything comes and goes. */
    const churn = async (): Promise<void> => {
      for (let i = 0; i < 8; i++, step++) {
        const tags = [`tag ${step % 50}`, `tag of minute ${Math.trunc(step / 8)}`]
        cache.set(`key ${step % 700}`, {}, { ttl: lifetimes[step % 5]!, tags })
        cache.get(`key ${(step * 7) % 700}`)
        cache.namespace(`minute ${Math.trunc(step / 8)}`).set(`key ${i}`, {}, { tags })
        cache.version(step % 100).set('key', {}, { ttl: '1m' })
      }
      cache.deleteByTag(`tag ${step % 50}`)
      if (step % 40 === 0) cache.namespace(`minute ${Math.trunc(step / 8)}`).clear()
      if (step % 88 === 0) cache.namespace(`minute ${Math.trunc(step / 8) - 1}`).close()
      await load(cache, step)
      vi.advanceTimersByTime(STEP)
    }

    let early: Record<string, number> = {}
    for (let time = 0; time < DAY; time += STEP) {
      await churn()
      if (time % (20 * MINUTE) !== 0) continue
      checkInvariants(cache)
      if (time === 2 * 60 * MINUTE) early = await measure(cache)
    }
    const late = await measure(cache)
    for (const [name, number] of Object.entries(late))
      expect(number, name).toBeLessThanOrEqual(2 * early[name]! + 100)

    // Nothing is written any more: all that can expire goes.
    cache.clear()
    vi.advanceTimersByTime(10 * MINUTE)
    checkInvariants(cache)
    const end = await measure(cache)
    expect(end).toMatchObject({ size: 0, weight: 0, slots: 0, flights: 0, tags: 0, keys: 0, dropped: 0 })
    expect(end).toMatchObject({ spaces: 1, tables: 1, groups: 0, loads: 0 })
  },
  60_000,
)

/** Loads of all kinds of ends, of which none is under way afterwards. */
async function load(cache: Cache<string, object>, step: number): Promise<void> {
  const later = deferred<object>()
  const options = { tags: [`tag ${step % 50}`], hardTimeout: 100 }
  const answers = [
    cache.getOrLoad(`loaded ${step}`, () => later.promise, options),
    cache.getOrLoad(`loaded ${step}`, () => later.promise, options),
    cache.getOrLoad(`loaded ${step % 30}`, async () => ({}), options),
    cache.getOrLoad(`absent ${step}`, async () => undefined as never, options),
    cache.getOrLoad(`failed ${step}`, () => Promise.reject(new Error('failed')), options),
    cache.namespace(`loads ${step}`).getOrLoad('key', async () => ({}), options),
    cache.getOrLoadMany([`loaded ${step % 20}`, `many ${step}`], async (keys) =>
      keys.map((key) => [key, {}] as const),
    ),
  ]
  if (step % 3 === 0) cache.deleteByTag(`tag ${step % 50}`)
  if (step % 5 === 0) vi.advanceTimersByTime(100)
  later.resolve({})
  await Promise.allSettled(answers)
  await ticks()
}

/** How large each structure is, and how many objects of each kind are alive in this process. */
async function measure(cache: Cache<string, object>): Promise<Record<string, number>> {
  // Namespaces that nobody holds are forgotten in a turn of the event loop after their garbage was collected.
  vi.useRealTimers()
  const alive = (kind: abstract new (...args: never) => unknown): number =>
    Number(queryObjects(kind as never, { format: 'count' }))
  for (let i = 0; i < 3; i++) {
    alive(Space)
    await new Promise((resolve) => setImmediate(resolve))
  }
  vi.useFakeTimers({ now: Date.now() })
  const store = storeOf(cache)
  const sum = (of: (space: Space) => number): number =>
    [...store.root.all()].reduce((total, space) => total + of(space), 0)
  return {
    size: store.size,
    weight: store.weight,
    slots: store.slots.end - FIRST_SLOT,
    room: store.slots.deadlines.length,
    keys: sum(({ map }) => map.size),
    tags: sum(({ tags }) => tags?.size ?? 0),
    flights: sum(({ flights }) => flights?.size ?? 0),
    dropped: store.dropped.reduce((total, { table }) => total + table.map.size, 0),
    spaces: alive(Space),
    tables: alive(Table),
    groups: alive(TagGroup),
    loads: alive(Flight),
    // One for each namespace that a space knows by name.
    references: alive(WeakRef),
  }
}
