import { type CacheState, type SampleRow, sampleFields } from '../src/observe/dashboard/wire.ts'
import { chart } from './charts.ts'
import { h, type VNode } from './dom.ts'
import * as format from './format.ts'
import type { Model, Process } from './model.ts'

const field = (row: SampleRow, name: (typeof sampleFields)[number]): number =>
  row[sampleFields.indexOf(name) + 1] ?? 0

/** Pictures of the last hour, pointed at together. */
export function hour(model: Model, process: Process, cache: CacheState): VNode {
  const { tick, every, now } = process.state
  const rows: (SampleRow | undefined)[] = new Array(360).fill(undefined)
  for (const row of process.samples.get(cache.name) ?? []) rows[row[0]! - tick + 360] = row
  const first = rows.findIndex((row) => row !== undefined)
  // What is not known yet is not drawn, but for a little that shows how the chart grows.
  const shown = first === -1 ? rows.slice(-30) : rows.slice(Math.min(first, 330))
  const of = (value: (row: SampleRow) => number | null): (number | null)[] =>
    shown.map((row) => (row === undefined ? null : value(row)))
  const perSecond = (name: (typeof sampleFields)[number]): (number | null)[] =>
    of((row) => field(row, name) / (every / 1000))
  const reads = (row: SampleRow): number => field(row, 'hits') + field(row, 'stale') + field(row, 'misses')
  const hasStale = shown.some((row) => row !== undefined && field(row, 'stale') > 0)
  const isWeighed = cache.maxWeight !== null
  const common = {
    end: now,
    every,
    at: model.at,
    point: (at: number | undefined) => {
      if (model.at === at) return
      model.at = at
      model.change()
    },
  }
  const each = (value: number): string => `${format.rate(value)}/s`
  return h(
    'section',
    { class: 'charts', 'aria-label': 'The last hour' },
    chart({
      ...common,
      title: 'Hit ratio',
      most: 1,
      format: (value) =>
        value === 0.5 || value === 0 || value === 1 ? `${100 * value} %` : format.percent(value),
      lines: [
        {
          name: 'answered here',
          kind: 'hits',
          form: 'area',
          values: of((row) =>
            reads(row) === 0 ? null : (field(row, 'hits') + field(row, 'stale')) / reads(row),
          ),
        },
      ],
    }),
    chart({
      ...common,
      title: 'Reads',
      isStacked: true,
      format: each,
      lines: [
        { name: 'hits', kind: 'hits', form: 'area', values: perSecond('hits') },
        ...(hasStale
          ? [{ name: 'stale', kind: 'stale', form: 'area', values: perSecond('stale') } as const]
          : []),
        { name: 'misses', kind: 'misses', form: 'area', values: perSecond('misses') },
      ],
    }),
    chart({
      ...common,
      title: 'Time of loads',
      format: format.duration,
      lines: [
        {
          name: '95 % take at most',
          kind: 'misses',
          form: 'area',
          values: of((row) => row[sampleFields.indexOf('p95') + 1] ?? null),
        },
        {
          name: 'half',
          kind: 'hits',
          form: 'line',
          values: of((row) => row[sampleFields.indexOf('p50') + 1] ?? null),
        },
      ],
    }),
    chart({
      ...common,
      title: 'Entries come and go',
      format: each,
      lines: [
        { name: 'set', kind: 'hits', form: 'line', values: perSecond('sets') },
        { name: 'evicted', kind: 'misses', form: 'dashed', values: perSecond('evicted') },
        { name: 'expired', kind: 'stale', form: 'line', values: perSecond('expired') },
      ],
    }),
    chart({
      ...common,
      title: 'Room',
      most: (isWeighed ? cache.maxWeight : cache.maxEntries) ?? undefined!,
      format: isWeighed && cache.unit === 'bytes' ? format.bytes : format.short,
      lines: [
        {
          name: isWeighed ? 'held' : 'entries',
          kind: 'hits',
          form: 'area',
          values: of((row) => field(row, isWeighed ? 'weight' : 'size')),
        },
      ],
    }),
    chart({
      ...common,
      title: 'Loads',
      format: each,
      lines: [
        { name: 'loads', kind: 'hits', form: 'line', values: perSecond('loads') },
        { name: 'failed', kind: 'failed', form: 'dashed', values: perSecond('failed') },
      ],
    }),
  )
}
