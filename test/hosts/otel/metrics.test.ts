import * as api from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { Cache } from 'nearcache'
import { type InstrumentOptions, instrument } from 'nearcache/otel'
import { afterEach, describe, expect, it } from 'vitest'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

let names = 0
const freshName = (): string => `otel ${++names}`

/** What the SDK collects of caches, by the name of the instrument. */
function collecting(options: InstrumentOptions) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const instrumentation = instrument(api, { meterProvider, ...options })
  stops.push(
    () => instrumentation.stop(),
    () => meterProvider.shutdown(),
  )
  return async () => {
    exporter.reset()
    await reader.forceFlush()
    const scopes = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics)
    return new Map(
      scopes.flatMap(({ metrics }) =>
        metrics.map(({ descriptor, dataPoints }) => [
          descriptor.name,
          {
            unit: descriptor.unit,
            points: dataPoints.map(({ value, attributes }) => [attributes, value] as const),
          },
        ]),
      ),
    )
  }
}

type Collected = Awaited<ReturnType<ReturnType<typeof collecting>>>

/** The values of an instrument by one of its attributes. */
function by(all: Collected, name: string, attribute: string): Record<string, unknown> {
  return Object.fromEntries(
    all.get(name)!.points.map(([attributes, value]) => [attributes[attribute], value]),
  )
}

describe('11. instrument, with the SDK of OpenTelemetry', () => {
  it('12. gives each metric under its name and unit, with cache and tier', async () => {
    const cache = new Cache<string, number>({
      name: freshName(),
      maxEntries: 2,
      staleIfError: '1h',
      onError() {},
    })
    const collect = collecting({ caches: [cache], attributes: { service: 'shop' } })
    for (const key of ['a', 'b', 'c']) cache.set(key, 1)
    cache.get('c')
    cache.get('missing')
    await cache.getOrLoad('loaded', async () => 1)
    cache.expire('loaded')
    await cache.getOrLoad('loaded', async () => {
      throw new Error('down')
    })
    cache.clear()
    const all = await collect()
    expect(by(all, 'nearcache.requests', 'nearcache.result')).toEqual({ hit: 1, stale: 1, miss: 2 })
    expect(by(all, 'nearcache.removals', 'nearcache.reason')).toEqual({
      ...{ evicted: 2, expired: 0, replaced: 0, deleted: 0, cleared: 2, invalidated: 0 },
    })
    const loads = all.get('nearcache.loads')!.points.filter(([, value]) => value !== 0)
    expect(loads).toEqual([
      [expect.objectContaining({ 'nearcache.outcome': 'success', 'nearcache.load.kind': 'miss' }), 1],
      [expect.objectContaining({ 'nearcache.outcome': 'failure', 'nearcache.load.kind': 'miss' }), 1],
    ])
    const common = { 'nearcache.cache.name': cache.name, 'nearcache.tier': 'local', service: 'shop' }
    expect(all.get('nearcache.sets')).toEqual({ unit: '{entry}', points: [[common, 4]] })
    expect(all.get('nearcache.entries')).toEqual({ unit: '{entry}', points: [[common, 0]] })
    expect(all.get('nearcache.entries.limit')).toEqual({ unit: '{entry}', points: [[common, 2]] })
    expect(by(all, 'nearcache.faults', 'nearcache.fault')).toEqual({ loader: 1 })
    const duration = all.get('nearcache.load.duration')!
    expect(duration.unit).toBe('s')
    expect(by(all, 'nearcache.load.duration', 'nearcache.outcome')).toMatchObject({
      success: {
        count: 1,
        buckets: { boundaries: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
      },
      failure: { count: 1 },
    })
  })

  it('12. tells bytes and weights apart, and bounds only where there are some', async () => {
    const inBytes = new Cache<string, string>({ name: freshName(), maxBytes: '1mb' })
    const weighed = new Cache<string, string>({ name: freshName(), maxWeight: 9, weigh: () => 3 })
    const collect = collecting({ caches: [inBytes, weighed] })
    for (const cache of [inBytes, weighed]) cache.set('k', 'x'.repeat(100))
    const all = await collect()
    const cacheName = 'nearcache.cache.name'
    expect(by(all, 'nearcache.bytes', cacheName)).toEqual({ [inBytes.name]: inBytes.stats().weight })
    expect(by(all, 'nearcache.bytes.limit', cacheName)).toEqual({ [inBytes.name]: 2 ** 20 })
    expect(all.get('nearcache.bytes')!.unit).toBe('By')
    expect(by(all, 'nearcache.weight', cacheName)).toEqual({ [weighed.name]: 3 })
    expect(by(all, 'nearcache.weight.limit', cacheName)).toEqual({ [weighed.name]: 9 })
    expect(all.get('nearcache.entries.limit')?.points ?? []).toEqual([])
  })

  it('13. tells apart the namespaces that are listed, and no others', async () => {
    const cache = new Cache<string, number>({ name: freshName(), maxEntries: 10 })
    cache.set('outside', 1)
    for (let i = 0; i < 3; i++) cache.namespace<string, number>('users').set(`${i}`, i)
    cache.namespace<string, number>('others').set('k', 1)
    const plain = await collecting({ caches: [cache] })()
    expect(by(plain, 'nearcache.sets', 'nearcache.namespace')).toEqual({ undefined: 5 })
    const all = await collecting({ caches: [cache], namespaces: ['users'] })()
    expect(by(all, 'nearcache.sets', 'nearcache.namespace')).toEqual({ users: 3, undefined: 2 })
    expect(by(all, 'nearcache.entries', 'nearcache.namespace')).toEqual({ users: 3, undefined: 2 })
    expect(by(all, 'nearcache.entries.limit', 'nearcache.namespace')).toEqual({ undefined: 10 })
    expect(() => instrument(api, { namespaces: [7] as never })).toThrow(
      'namespaces: expected a list of names',
    )
  })

  it('16. takes in caches made later, and the last values of one that was closed', async () => {
    const collect = collecting({})
    const cache = new Cache<string, number>({ name: freshName() })
    const sets = async () => {
      const all = by(await collect(), 'nearcache.sets', 'nearcache.cache.name')
      return all[cache.name]
    }
    cache.set('a', 1)
    expect(await sets()).toBe(1)
    cache.set('b', 1)
    cache.close()
    expect(await sets()).toBe(2)
    const again = new Cache<string, number>({ name: cache.name })
    again.set('a', 1)
    expect(await sets()).toBe(1)
  })

  it('16. counters never fall, not while a stale value is waited for', async () => {
    const cache = new Cache<string, number>({ name: freshName(), staleIfError: '1h', onError() {} })
    const collect = collecting({ caches: [cache] })
    const missed = async () => by(await collect(), 'nearcache.requests', 'nearcache.result').miss
    cache.get('k')
    cache.set('k', 1)
    cache.expire('k')
    let fail = (_error: Error): void => {}
    const source = new Promise<number>((_resolve, reject) => {
      fail = reject
    })
    const load = cache.getOrLoad('k', () => source)
    expect(await missed()).toBe(2)
    fail(new Error('down'))
    expect(await load).toBe(1)
    expect(await missed()).toBe(2)
    cache.get('other')
    expect(await missed()).toBe(2)
    cache.get('other')
    expect(await missed()).toBe(3)
  })

  it('11. stops, and refuses what it cannot use', async () => {
    const cache = new Cache<string, number>({ name: freshName() })
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 })
    const meterProvider = new MeterProvider({ readers: [reader] })
    const instrumentation = instrument(api, { meterProvider, caches: [cache] })
    instrumentation.stop()
    instrumentation.stop()
    cache.set('a', 1)
    await cache.getOrLoad('b', () => 1)
    await reader.forceFlush()
    const points = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap(({ metrics }) => metrics.flatMap(({ dataPoints }) => dataPoints as readonly unknown[]))
    expect(points).toEqual([])
    await meterProvider.shutdown()
    expect(() => instrument({} as never)).toThrow('api: expected the module @opentelemetry/api')
    expect(() => instrument(api, { cache } as object)).toThrow("did you mean 'caches'")
    expect(() => instrument(api, { caches: [5] as never })).toThrow('caches: expected an array of caches')
  })
})
