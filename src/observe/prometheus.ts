import type { Cache } from '../cache.ts'
import { loadTimeBounds } from '../core/counters.ts'
import type { LoadOutcome } from '../engine/stats.ts'
import { refusal } from '../options/units.ts'
import { type Metric, metrics, type ProcessMetric, processMetrics } from './metrics.ts'
import { type Sample, Sampled } from './sampled.ts'

/** A registry of prom-client. */
export interface Registry {
  registerMetric(metric: never): void
}

type Labels = Readonly<Record<string, string | number>>

interface Value {
  readonly metricName?: string
  readonly labels: Labels
  readonly value: number
}

/** A metric as Prometheus reads it, and as a registry of prom-client asks for it. */
interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly values: readonly Value[]
}

const DURATION = 'nearcache_load_duration_seconds'
const UNITS: Readonly<Record<string, string>> = { By: '_bytes' }

function nameOf({ name, kind, unit }: Metric | ProcessMetric): string {
  const base = name.replaceAll('.', '_')
  const suffix = base.includes('bytes') ? '' : (UNITS[unit] ?? '')
  return `${base}${suffix}${kind === 'counter' ? '_total' : ''}`
}

function familyOf(metric: Metric, samples: readonly Sample[]): Family {
  const values = samples.flatMap((sample) =>
    metric
      .points(sample)
      .map(({ value, labels }) => ({ value, labels: { cache: sample.name, tier: 'local', ...labels } })),
  )
  return { name: nameOf(metric), help: metric.help, type: metric.kind, values }
}

function processFamily(metric: ProcessMetric): Family {
  const value = metric.value()
  const values = value === undefined ? [] : [{ value, labels: {} }]
  return { name: nameOf(metric), help: metric.help, type: metric.kind, values }
}

/** The times of loads; an outcome that never occurred is left out. */
function durations(samples: readonly Sample[]): Family {
  const values: Value[] = []
  for (const { name, stats } of samples) {
    for (const [outcome, { counts, time, misses, refreshes }] of Object.entries(stats.loadTimes) as [
      LoadOutcome,
      (typeof stats.loadTimes)[LoadOutcome],
    ][]) {
      if (misses + refreshes === 0) continue
      const labels = { cache: name, tier: 'local', outcome }
      let sum = 0
      for (const [i, count] of counts.entries()) {
        sum += count
        const le = i < loadTimeBounds.length ? String(loadTimeBounds[i]! / 1000) : '+Inf'
        values.push({ metricName: `${DURATION}_bucket`, labels: { ...labels, le }, value: sum })
      }
      values.push({ metricName: `${DURATION}_sum`, labels, value: time / 1000 })
      values.push({ metricName: `${DURATION}_count`, labels, value: sum })
    }
  }
  return { name: DURATION, help: 'How long loads took, by how they ended.', type: 'histogram', values }
}

function families(samples: readonly Sample[]): Family[] {
  return [
    ...metrics.map((metric) => familyOf(metric, samples)),
    durations(samples),
    ...processMetrics.map(processFamily),
  ]
}

/** The caches of calls without `caches`. */
let everything: Sampled | undefined

/**
 * The metrics of these caches, or of all of the process, in Prometheus' text format 0.0.4: the body to answer a scrape with, as
 * `text/plain; version=0.0.4`. Of a cache that was closed the last values are given once more.
 */
export function metricsText(caches?: readonly Cache[]): string {
  if (caches === undefined) everything ??= new Sampled(undefined)
  const sampled = caches === undefined ? everything! : new Sampled(caches)
  const samples = sampled.collect()
  if (caches !== undefined) sampled.stop()
  return families(samples)
    .filter(({ values }) => values.length > 0)
    .map(textOf)
    .join('')
}

function textOf({ name, help, type, values }: Family): string {
  const lines = values.map(({ metricName = name, labels, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(String(text))}"`)
    return `${metricName}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`
  })
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

/**
 * Adds the same metrics to a registry of prom-client, which asks for them at each scrape. Its `resetMetrics` leaves them as they are:
 * counters of caches never fall. Throws what the registry throws for metrics that it has already.
 */
export function register(registry: Registry, caches?: readonly Cache[]): void {
  if (typeof registry?.registerMetric !== 'function')
    throw refusal('registry', 'a Registry of prom-client', registry)
  const sampled = new Sampled(caches)
  let samples: readonly Sample[] | undefined
  const add = (
    name: string,
    help: string,
    type: Family['type'],
    take: (samples: readonly Sample[]) => Family,
    isFirst = false,
  ): void => {
    const get = async (): Promise<object> => {
      // One look at the caches for all metrics of a scrape, which begins with the first.
      if (isFirst || samples === undefined) samples = sampled.collect()
      return { aggregator: 'sum', ...take(samples), name: metric.name }
    }
    const metric = { name, help, type, aggregator: 'sum', get, getForPromString: get, reset(): void {} }
    registry.registerMetric(metric as never)
  }
  for (const [i, metric] of metrics.entries())
    add(nameOf(metric), metric.help, metric.kind, (samples) => familyOf(metric, samples), i === 0)
  const { help } = durations([])
  add(DURATION, help, 'histogram', durations)
  for (const metric of processMetrics)
    add(nameOf(metric), metric.help, metric.kind, () => processFamily(metric))
}
