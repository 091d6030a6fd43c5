import type { Cache } from '../cache.ts'
import { loadTimeBounds } from '../core/counters.ts'
import type { LoadOutcome } from '../engine/stats.ts'
import { isRecord, unknownOption } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import { type Metric, metrics, type ProcessMetric, processMetrics } from './metrics.ts'
import { checkNamespaces } from './namespaces.ts'
import { type Sample, Sampled } from './sampled.ts'

/** A registry of prom-client. */
export interface Registry {
  registerMetric(metric: never): void
}

/** What is told apart. */
export interface PrometheusOptions {
  /**
   * Namespaces that are told apart, by the label `namespace`: what is in none of those listed has no such label, so that sums over all are
   * those of the cache. Each one listed is as many time series as a cache. Default none.
   */
  readonly namespaces?: readonly string[] | undefined
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
    metric.points(sample).map(({ value, labels }) => ({ value, labels: { ...labelsOf(sample), ...labels } })),
  )
  return { name: nameOf(metric), help: metric.help, type: metric.kind, values }
}

function labelsOf({ name, namespace }: Sample): Labels {
  return { cache: name, tier: 'local', ...(namespace !== undefined && { namespace }) }
}

function processFamily(metric: ProcessMetric): Family {
  const value = metric.value()
  const values = value === undefined ? [] : [{ value, labels: {} }]
  return { name: nameOf(metric), help: metric.help, type: metric.kind, values }
}

/** The times of loads; an outcome that never occurred is left out. */
function durations(samples: readonly Sample[]): Family {
  const values: Value[] = []
  for (const sample of samples) {
    for (const [outcome, { counts, time, misses, refreshes }] of Object.entries(sample.stats.loadTimes) as [
      LoadOutcome,
      (typeof sample.stats.loadTimes)[LoadOutcome],
    ][]) {
      if (misses + refreshes === 0) continue
      const labels = { ...labelsOf(sample), outcome }
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

/** The caches of calls without `caches`, by the namespaces that are told apart. */
const everything = new Map<string, Sampled>()

/**
 * The metrics of these caches, or of all of the process, in Prometheus' text format 0.0.4: the body to answer a scrape with, as
 * `text/plain; version=0.0.4`. Of a cache that was closed the last values are given once more.
 */
export function metricsText(caches?: readonly Cache[], options: PrometheusOptions = {}): string {
  const namespaces = namespacesIn(options)
  const samples = caches === undefined ? everythingWith(namespaces).collect() : once(caches, namespaces)
  return families(samples)
    .filter(({ values }) => values.length > 0)
    .map(textOf)
    .join('')
}

function everythingWith(namespaces: readonly string[]): Sampled {
  const which = JSON.stringify(namespaces)
  let sampled = everything.get(which)
  if (sampled === undefined) {
    sampled = new Sampled(undefined, namespaces)
    everything.set(which, sampled)
  }
  return sampled
}

function once(caches: readonly Cache[], namespaces: readonly string[]): Sample[] {
  const sampled = new Sampled(caches, namespaces)
  sampled.stop()
  return sampled.collect()
}

/** Throws a TypeError. */
function namespacesIn(options: unknown): readonly string[] {
  if (!isRecord(options)) throw refusal('options', "an object such as { namespaces: ['users'] }", options)
  for (const name of Object.keys(options))
    if (name !== 'namespaces') throw unknownOption(name, name, ['namespaces'])
  return checkNamespaces(options.namespaces)
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
export function register(
  registry: Registry,
  caches?: readonly Cache[],
  options: PrometheusOptions = {},
): void {
  if (typeof registry?.registerMetric !== 'function')
    throw refusal('registry', 'a Registry of prom-client', registry)
  const sampled = new Sampled(caches, namespacesIn(options))
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
