import type { Cache } from '../cache.ts'
import { loadTimeBounds } from '../core/counters.ts'
import type { LoadMessage } from '../engine/channels.ts'
import { isRecord, unknownOption } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import { type Metric, metrics, type Point, type ProcessMetric, processMetrics } from './metrics.ts'
import {
  type Api,
  type Attributes,
  type BatchCallback,
  type Meter,
  type MeterProvider,
  SCOPE,
} from './otel-api.ts'
import { diagnostics, type Sample, Sampled } from './sampled.ts'

/** What is measured, and for whom. */
export interface InstrumentOptions {
  /** Who collects. Default: the provider that is registered globally. */
  readonly meterProvider?: MeterProvider | undefined
  /** Which caches. Default: all of the process, those made later included. */
  readonly caches?: readonly Cache[] | undefined
  /**
   * Namespaces that are told apart, by the attribute `nearcache.namespace`: what is in none of those listed has no such attribute, so that
   * sums over all are those of the cache. Times of loads are not told apart. Default none.
   */
  readonly namespaces?: readonly string[] | undefined
  /** Attributes of all that is measured, besides those of the cache. */
  readonly attributes?: Readonly<Record<string, string | number>> | undefined
}

/** Metrics that are being collected. */
export interface Instrumentation {
  /** Ends it. A second call does nothing. */
  stop(): void
  [Symbol.dispose](): void
}

const NAMES = ['meterProvider', 'caches', 'namespaces', 'attributes']
const TRACE = 'tracing:nearcache:load:'

/**
 * Registers the metrics of caches with OpenTelemetry. They are read from `stats()` when somebody collects, so reads and writes pay nothing;
 * the time of a load is recorded when it ends. `api` is the module `@opentelemetry/api` of the application.
 */
export function instrument(api: Pick<Api, 'metrics'>, options: InstrumentOptions = {}): Instrumentation {
  if (typeof api?.metrics?.getMeterProvider !== 'function')
    throw refusal('api', 'the module @opentelemetry/api', api)
  const given: unknown = options
  if (!isRecord(given)) throw refusal('options', 'an object such as { caches }', given)
  for (const name of Object.keys(given)) if (!NAMES.includes(name)) throw unknownOption(name, name, NAMES)
  const { meterProvider = api.metrics.getMeterProvider(), caches, namespaces, attributes = {} } = options
  const sampled = new Sampled(caches, namespaces)
  const meter = meterProvider.getMeter(SCOPE) as Meter
  const create = (metric: Metric | ProcessMetric): object => {
    const { name, unit, help: description } = metric
    return metric.kind === 'counter'
      ? meter.createObservableCounter(name, { description, unit })
      : meter.createObservableUpDownCounter(name, { description, unit })
  }
  const ofCaches = metrics.map((metric) => [metric, create(metric)] as const)
  const ofProcess = processMetrics.map((metric) => [metric, create(metric)] as const)
  const observe: BatchCallback = (result) => {
    for (const sample of sampled.collect())
      for (const [{ points }, instrument] of ofCaches)
        for (const point of points(sample))
          result.observe(instrument as never, point.value, {
            ...attributes,
            ...attributesOf(sample, point),
          })
    for (const [{ value }, instrument] of ofProcess) {
      const now = value()
      if (now !== undefined) result.observe(instrument as never, now, { ...attributes })
    }
  }
  const observables = [...ofCaches, ...ofProcess].map(([, instrument]) => instrument) as never
  meter.addBatchObservableCallback(observe, observables)
  const stopTiming = timeLoads(meter, attributes, (name) => sampled.covers(name))
  let isOn = true
  const stop = (): void => {
    if (!isOn) return
    isOn = false
    meter.removeBatchObservableCallback(observe, observables)
    stopTiming()
    sampled.stop()
  }
  return { stop, [Symbol.dispose]: stop }
}

function attributesOf({ name: cache, namespace }: Sample, { labels }: Point): Attributes {
  const own: Attributes = { 'nearcache.cache.name': cache, 'nearcache.tier': 'local' }
  if (namespace !== undefined) own['nearcache.namespace'] = namespace
  for (const [name, value] of Object.entries(labels))
    own[name === 'kind' ? 'nearcache.load.kind' : `nearcache.${name}`] = value
  return own
}

/** Records how long each load takes, where the runtime has channels. */
function timeLoads(meter: Meter, attributes: Attributes, covers: (cache: string) => boolean): () => void {
  const histogram = meter.createHistogram('nearcache.load.duration', {
    description: 'How long loads took, by how they ended.',
    unit: 's',
    advice: { explicitBucketBoundaries: loadTimeBounds.map((ms) => ms / 1000) },
  })
  const began = new WeakMap<object, number>()
  const start = (message: unknown): void => void began.set(message as object, performance.now())
  const end = (message: unknown): void => {
    const { cache, outcome } = message as LoadMessage
    const from = began.get(message as object)
    if (from === undefined || outcome === undefined || !covers(cache)) return
    histogram.record((performance.now() - from) / 1000, {
      ...attributes,
      'nearcache.cache.name': cache,
      'nearcache.tier': 'local',
      'nearcache.outcome': outcome,
    })
  }
  const channels = diagnostics()
  channels?.subscribe(`${TRACE}start`, start)
  channels?.subscribe(`${TRACE}asyncEnd`, end)
  return () => {
    channels?.unsubscribe(`${TRACE}start`, start)
    channels?.unsubscribe(`${TRACE}asyncEnd`, end)
  }
}
