import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Writable } from 'node:stream'
import * as api from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { Cache, type CacheOptions, type Fault, type FaultKind } from 'nearcache'
import { dashboard } from 'nearcache/dashboard'
import { instrument } from 'nearcache/otel'
import { metricsText } from 'nearcache/prometheus'
import { restore, save } from 'nearcache/snapshot'
import type { TieredCache } from 'nearcache/tiered'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { storeOf } from '../../../src/cache.ts'
import type { State } from '../../../src/observe/dashboard/wire.ts'
import { own } from '../../observe/dashboard/support.ts'
import { checkInvariants } from '../../support/invariants.ts'
import { snapshotOf, streamed } from '../../support/snapshots.ts'
import { Fleet } from '../../tiers/support/fleet.ts'

/** A key that tells itself wherever it is. */
const KEY = 'card 4111-1111'

/** What the functions of users throw in these tests. */
const thrown = new Error('thrown by the user')
const fail = (): never => {
  throw thrown
}

type OnError = (error: unknown, fault: Fault) => void

/** A fault as it was brought about. */
interface Provoked {
  /** Whose it is; undefined for one of a dashboard, which belongs to no cache. */
  readonly cache: Cache<string, unknown> | undefined
  /** No key stands in a fault that concerns none. */
  readonly hasKey: boolean
  /** It is not the user's own error that is told of. */
  readonly isOurs?: boolean
}

/** What brings a fault about; the cache and its `onError` are the test's. */
type Provoke = (
  open: (options?: CacheOptions<string, unknown>) => Cache<string, unknown>,
  onError: OnError,
) => Promise<Provoked>

const stale = (cache: Cache<string, unknown>): void => {
  cache.set(KEY, 1)
  cache.expire(KEY)
}

const discarded = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() })

/** A process over a second tier or a bus, as the cache that its statistics are found by. */
async function tiered(
  options: object,
  provoke: (
    fleet: Fleet,
    cache: Pick<TieredCache<string, unknown>, 'set' | 'delete' | 'getOrLoad'>,
  ) => unknown,
): Promise<Cache<string, unknown>> {
  const fleet = new Fleet()
  const cache = await fleet.process<string, unknown>({ name: `faults-${++names}`, ...options })
  await provoke(fleet, cache)
  return cache as unknown as Cache<string, unknown>
}

let names = 0

/** Every kind of fault, by what brings it about: the compiler sees to it that none is missing. */
const provocations: Record<FaultKind, Record<string, Provoke>> = {
  listener: {
    'onRemoval throws': async (open) => {
      const cache = open({ onRemoval: fail })
      cache.set(KEY, 1)
      cache.delete(KEY)
      return { cache, hasKey: true }
    },
    'onRemoval rejects': async (open) => {
      const cache = open({ onRemoval: async () => fail() })
      cache.set(KEY, 1)
      cache.delete(KEY)
      return { cache, hasKey: true }
    },
  },
  loader: {
    'a refresh behind a stale value fails': async (open) => {
      const cache = open({ staleWhileRevalidate: '1h' })
      stale(cache)
      expect(await cache.getOrLoad(KEY, fail)).toBe(1)
      return { cache, hasKey: true }
    },
    'a load fails for which a stale value is given': async (open) => {
      const cache = open({ staleIfError: '1h' })
      stale(cache)
      expect(await cache.getOrLoad(KEY, async () => fail())).toBe(1)
      return { cache, hasKey: true }
    },
  },
  timeout: {
    'a load takes longer than hardTimeout': async (open) => {
      const cache = open({ staleIfError: '1h', hardTimeout: 50 })
      stale(cache)
      const load = cache.getOrLoad(KEY, () => new Promise(() => {}))
      await vi.advanceTimersByTimeAsync(60)
      expect(await load).toBe(1)
      return { cache, hasKey: true, isOurs: true }
    },
  },
  weigher: {
    'weigh throws for what a batch brings besides': async (open) => {
      const cache = open({ maxWeight: 9, weigh: (_value, key) => (key === KEY ? fail() : 1) })
      const pairs: [string, number][] = [
        ['asked', 1],
        [KEY, 2],
      ]
      await cache.getOrLoadMany(['asked'], async () => new Map(pairs))
      return { cache, hasKey: true }
    },
    'protect refuses what a batch brings besides': async (open) => {
      const cache = open({ protect: 'freeze' })
      const pairs: [string, unknown][] = [
        ['asked', 1],
        [KEY, new Map()],
      ]
      await cache.getOrLoadMany(['asked'], async () => new Map(pairs))
      return { cache, hasKey: true, isOurs: true }
    },
  },
  clock: {
    'the clock throws while a load is timed': async (open) => {
      let isBroken = false
      const cache = open({ clock: () => (isBroken ? fail() : 1000) })
      cache.set(KEY, 1)
      isBroken = true
      await save(cache, discarded()).catch(() => {})
      isBroken = false
      return { cache, hasKey: false }
    },
    'the clock tells no number': async (open) => {
      let isBroken = false
      const cache = open({ clock: () => (isBroken ? Number.NaN : 1000) })
      isBroken = true
      cache.set(KEY, 1)
      return { cache, hasKey: false, isOurs: true }
    },
  },
  tier: {
    'the second tier is away': async (_open, onError) => {
      const remote = {
        get: async () => fail(),
        set: async () => fail(),
        delete: async () => fail(),
      }
      const cache = await tiered({ remote, onError }, async (fleet, it) => {
        for (let i = 0; i < 6; i++) void it.delete(KEY)
        await fleet.pass(8000)
      })
      return { cache, hasKey: false }
    },
    'more waits to be sent than may': async (_open, onError) => {
      const cache = await tiered({ maxQueued: 2, onError }, async (fleet, it) => {
        fleet.server = 'is silent'
        for (const key of [KEY, 'a', 'b', 'c']) void it.delete(key)
        await fleet.pass(1000)
      })
      return { cache, hasKey: false, isOurs: true }
    },
  },
  bus: {
    'the channel cannot be listened to': async (_open, onError) => {
      const push = { listen: async () => fail() }
      return { cache: await tiered({ push, onError }, () => {}), hasKey: false }
    },
  },
  codec: {
    'a value of the second tier cannot be read': async (_open, onError) => {
      const encode = () => Buffer.from('1')
      const serializer = { id: 3, encode, decode: fail }
      const cache = await tiered({ serializer, onError }, async (fleet, it) => {
        const other = await fleet.process({ serializer })
        await other.set(KEY, 1)
        expect(await it.getOrLoad(KEY, () => 2)).toBe(2)
      })
      return { cache, hasKey: true }
    },
    'a value is too large for it': async (_open, onError) => {
      const cache = await tiered({ maxValueBytes: 20, onError }, (_fleet, it) => it.set(KEY, 'x'.repeat(100)))
      return { cache, hasKey: true, isOurs: true }
    },
  },
  dashboard: {
    'authorise throws': async (_open, onError) => {
      const handler = dashboard({ authorise: fail, onError })
      expect((await handler(new Request('http://localhost/state'))).status).toBe(500)
      return { cache: undefined, hasKey: false }
    },
    'reveal throws': async (open, onError) => {
      const cache = open()
      cache.set(KEY, 1)
      const handler = dashboard({ authorise: () => true, values: true, reveal: fail, onError })
      const body = JSON.stringify({ action: 'reveal', cache: cache.name, key: KEY })
      const request = new Request('http://localhost/action', { method: 'POST', headers: own, body })
      expect((await handler(request)).status).toBe(500)
      return { cache: undefined, hasKey: true }
    },
    'onAction rejects': async (open, onError) => {
      const cache = open()
      cache.set(KEY, 1)
      const onAction = async () => fail()
      const handler = dashboard({ authorise: () => true, actions: true, onAction, onError })
      const body = JSON.stringify({ action: 'delete', cache: cache.name, key: KEY })
      const request = new Request('http://localhost/action', { method: 'POST', headers: own, body })
      expect((await handler(request)).status).toBe(200)
      expect(cache.has(KEY)).toBe(false)
      return { cache: undefined, hasKey: true }
    },
  },
  snapshot: {
    'a value cannot be written': async (open) => {
      const cache = open()
      cache.set(KEY, 1)
      await save(cache, discarded(), { serializer: { id: 3, encode: fail, decode: fail } })
      return { cache, hasKey: true }
    },
    'a value cannot be put back': async (open) => {
      const filled = new Cache<string, unknown>()
      filled.set(KEY, 1)
      const cache = open({ maxWeight: 9, weigh: fail })
      await restore(cache, streamed(await snapshotOf(filled)))
      return { cache, hasKey: true }
    },
    'the stream breaks off': async (open) => {
      const cache = open()
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('{')
        fail()
      }
      await restore(cache, broken() as never)
      return { cache, hasKey: false }
    },
    'what is read is damaged': async (open) => {
      const filled = new Cache<string, unknown>()
      filled.set(KEY, 1)
      const bytes = await snapshotOf(filled)
      bytes[bytes.indexOf(KEY)]!++
      const cache = open()
      await restore(cache, streamed(bytes))
      return { cache, hasKey: false, isOurs: true }
    },
  },
}

const published: Fault[] = []
const note = (message: unknown): void => void published.push(message as Fault)
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 })
const meterProvider = new MeterProvider({ readers: [reader] })

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  subscribe('nearcache:fault', note)
})
afterEach(() => {
  unsubscribe('nearcache:fault', note)
  published.length = 0
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** The counts of `nearcache.faults` by kind, as OpenTelemetry and as Prometheus are told. */
async function counted(cache: Cache<string, unknown>): Promise<unknown[]> {
  const { label } = storeOf(cache)
  const instrumentation = instrument(api, { meterProvider, caches: [cache as Cache] })
  exporter.reset()
  vi.useRealTimers()
  await reader.forceFlush()
  instrumentation.stop()
  const found = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap(({ metrics }) => metrics)
    .filter(({ descriptor }) => descriptor.name === 'nearcache.faults')
    .flatMap(({ dataPoints }) => dataPoints.map(({ attributes, value }) => [attributes, value] as const))
    .filter(([attributes]) => attributes['nearcache.cache.name'] === label)
    .map(([attributes, value]) => [attributes['nearcache.fault'], value])
  const text = metricsText([cache as Cache])
  const lines = text.matchAll(/^nearcache_faults_total\{cache="(.*?)",tier="local",fault="(\w+)"\} (\d+)$/gm)
  return [
    Object.fromEntries(found),
    Object.fromEntries(
      [...lines].filter(([, name]) => name === label).map(([, , kind, value]) => [kind, Number(value)]),
    ),
  ]
}

const all = Object.entries(provocations).flatMap(([kind, ways]) =>
  Object.entries(ways).map(([how, provoke]) => [kind as FaultKind, how, provoke] as const),
)

describe.each(all)('a fault of the kind %s: %s', (kind, _how, provoke) => {
  const told: [error: unknown, fault: Fault][] = []
  const onError: OnError = (error, fault) => void told.push([error, fault])
  const open = (options: CacheOptions<string, unknown> = {}): Cache<string, unknown> =>
    new Cache({ name: `faults-${++names}`, onError, ...options })

  test('85. 82. is given to onError, published, counted and shown with its cache; its cause and its key are kept, and no message tells the key', async () => {
    told.length = 0
    const page = dashboard({ authorise: () => true })
    const { cache, hasKey, isOurs } = await provoke(open, onError)
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(0))
    const label = cache === undefined ? 'dashboard' : storeOf(cache).label
    const since = expect.any(Number)
    for (const [i, [error, fault]] of told.entries()) {
      expect(fault).toMatchObject({ kind, cache: label, error, count: i + 1, muted: 0, since })
      expect('key' in fault ? fault.key : undefined).toBe(hasKey ? KEY : undefined)
      expect(error).toBeInstanceOf(Error)
      for (let one = error; one instanceof Error; one = one.cause) expect(one.message).not.toContain('4111')
      const causes = [error, (error as Error).cause]
      if (isOurs) expect(causes).not.toContain(thrown)
      else expect(causes).toContain(thrown)
    }
    expect(published).toEqual(told.map(([, fault]) => fault))
    const { faults } = (await (await page(new Request('http://localhost/state'))).json()) as State
    const shown = faults.filter((one) => one.cache === label)
    if (cache === undefined) {
      expect([shown, kind]).toEqual([[], 'dashboard'])
      return
    }
    expect(cache.stats().faults).toEqual({ [kind]: told.length })
    expect(await counted(cache)).toEqual(Array(2).fill({ [kind]: told.length }))
    expect(shown).toMatchObject([{ kind, count: told.length, key: hasKey ? KEY : null }])
  })

  test('85. is the same with an onError that throws or rejects, whose own error is printed', async () => {
    const second = new Error('onError')
    for (const isLate of [false, true]) {
      const print = vi.spyOn(console, 'error').mockImplementation(() => {})
      print.mockClear()
      published.length = 0
      const failing = (): unknown => {
        if (isLate) return Promise.reject(second)
        throw second
      }
      const { cache } = await provoke(
        (options) => new Cache({ name: `faults-${++names}`, onError: failing as OnError, ...options }),
        failing as OnError,
      )
      await vi.waitFor(() => expect(print).toHaveBeenCalled())
      const label = cache === undefined ? 'dashboard' : storeOf(cache).label
      expect(print.mock.calls).toEqual([[`nearcache: ${label} (onError):`, second]])
      expect(published.map((fault) => fault.kind)).toEqual(Array(published.length).fill(kind))
      if (cache !== undefined) {
        expect(cache.stats().faults).toEqual({ [kind]: published.length })
        checkInvariants(cache, { loading: kind === 'timeout' })
      }
    }
  })
})
