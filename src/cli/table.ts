import { FEWEST_READS } from '../sizing/recommendation.ts'
import { count, doNotCache, percent, points, tooShort } from '../sizing/words.ts'
import type { Simulation } from './simulate.ts'

/** What a simulation found, for reading. */
export function toText(simulation: Simulation): string {
  return `${[summary(simulation), table(simulation), advice(simulation)].join('\n\n')}\n`
}

/** One line about the trace. */
export function summary({ trace, ttl }: Simulation): string {
  const about = trace.sample === 1 ? '' : 'about '
  return [
    `${trace.name}: ${count(trace.reads)} reads of ${about}${count(trace.keys)} keys`,
    trace.weight === undefined
      ? ''
      : ` that weigh ${count(trace.weight)}${trace.unit === 'bytes' ? ' bytes' : ''}`,
    trace.duration === undefined ? '' : ` in ${duration(trace.duration)}`,
    trace.sample === 1 ? '' : `, a sample of ${percent(trace.sample)} (sizes are those of the whole)`,
    ttl === undefined ? '' : `, each living ${duration(ttl)}`,
    `; with room for all ${ttl === undefined ? '' : 'for ever '}${percent(trace.highestHitRatio)} hit`,
  ].join('')
}

function table(simulation: Simulation): string {
  const { rows, recommendation, trace } = simulation
  const head = [trace.unit, 'of all', 'adaptive', 'lru', 'optimum']
  const lines = rows.map((row) => [
    count(row.size),
    percent(row.share),
    percent(row.adaptive),
    percent(row.lru),
    percent(row.optimum),
  ])
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column]!.length)))
  const text = [head, ...lines].map((line) =>
    line.map((cell, column) => cell.padStart(widths[column]! + 2)).join('  '),
  )
  const chosen = rows.findIndex((row) => row.size === recommendation.size) + 1
  if (simulation.verdict === 'take') text[chosen] += '  ← recommended'
  if (simulation.optimumIsEstimate)
    text.push('', '  The optimum is an estimate here, as always with weights or a ttl.')
  return text.join('\n')
}

function advice({ recommendation, trace, verdict }: Simulation): string {
  const { policy, size, hitRatio, halved, doubled, now } = recommendation
  if (verdict === 'too short') {
    const wanted = Math.max(
      FEWEST_READS,
      trace.weight === undefined ? 2 * Math.min(size, trace.keys) * trace.sample : 0,
    )
    return tooShort(trace.reads, wanted, 'Record')
  }
  if (verdict === 'do not cache') return doNotCache('with room for all and for ever', trace.highestHitRatio)
  const line = (words: string, other: typeof halved): string =>
    `  ${words} ${count(other.size)}: ${percent(other.hitRatio)}, ${points(other.hitRatio - hitRatio)}`
  return [
    `Take { policy: '${policy}', ${boundOf(trace)}: ${size} }: ${percent(hitRatio)} of reads hit; beyond it a doubling brings less than a point.`,
    line('half of it,', halved),
    line('doubled to', doubled),
    ...(now === undefined ? [] : [line('now, with', now)]),
  ].join('\n')
}

/** The option that bounds a cache in what sizes are counted in. */
export function boundOf({ unit }: Simulation['trace']): string {
  return { entries: 'maxEntries', weight: 'maxWeight', bytes: 'maxBytes' }[unit]
}

const UNITS = [
  ['d', 864e5],
  ['h', 36e5],
  ['m', 6e4],
  ['s', 1e3],
] as const

function duration(time: number): string {
  const [unit, length] = UNITS.find(([, each]) => time >= each) ?? ['ms', 1]
  return `${Number((time / length).toFixed(1))}${unit}`
}
