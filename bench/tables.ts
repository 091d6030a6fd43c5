import type { Latency } from './latency.ts'
import type { Result } from './measure.ts'
import type { Bytes, Garbage } from './memory.ts'

/** A table of words: the first row is the head. */
export type Table = readonly (readonly string[])[]

/** For the terminal: columns aligned by spaces, all but the first to the right. */
export function toText(table: Table): string {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')
  return table.map(line).join('\n')
}

export function toMarkdown([head, ...rows]: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rule = head!.map((_, i) => (i === 0 ? '---' : '--:'))
  return [head!, rule, ...rows].map(line).join('\n')
}

/** Peers by operations: nanoseconds and how many times those of nearcache they are, with the quartiles of that. */
export function speedTable(results: readonly Result[]): Table {
  const operations = unique(results.map(({ operation }) => operation))
  const head = ['', ...operations]
  const rows = unique(results.map(({ peer }) => peer)).map((peer) => [
    peer,
    ...operations.map((operation) => {
      const result = results.find((one) => one.operation === operation && one.peer === peer)
      return result === undefined ? '–' : speedCell(result)
    }),
  ])
  return [head, ...rows]
}

function speedCell({ ns, ratio, flaw }: Result): string {
  if (flaw !== undefined) return `wrong: ${flaw}`
  const spread = `${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)}`
  return `${nanoseconds(ns.median)} ×${ratio.median.toFixed(2)} (${spread})`
}

/** Where what a peer keeps decides, the share of reads that found something. */
export function foundTable(results: readonly Result[]): Table {
  const peers = unique(results.map(({ peer }) => peer))
  const sizes = unique(results.map(({ size }) => size))
  const rows = peers.map((peer) => [
    peer,
    ...sizes.map((size) => {
      const result = results.find((one) => one.peer === peer && one.size === size)
      return result === undefined ? '–' : `${(100 * result.found).toFixed(1)} %`
    }),
  ])
  return [['hit ratio', ...sizes.map(entries)], ...rows]
}

/** Nanoseconds between two readings of the clock that differ. */
export const CLOCK_STEP = 10
/** A quantile says something where at least so many samples are beyond it. */
export const BEYOND = 10

export function latencyTable(figures: readonly Latency[]): Table {
  const head = ['ns', 'count', 'median', 'P90', 'P99', 'P99.9', 'maximum']
  const rows = figures.map(({ peer, count, median, p90, p99, p999, max }) => {
    const cell = (ns: number, q: number): string => {
      if (count * (1 - q) < BEYOND) return '–'
      return ns < CLOCK_STEP ? `< ${CLOCK_STEP}` : nanoseconds(ns)
    }
    const quantiles = [cell(median, 0.5), cell(p90, 0.9), cell(p99, 0.99), cell(p999, 0.999)]
    return [peer, count.toLocaleString('en'), ...quantiles, nanoseconds(max)]
  })
  return [head, ...rows]
}

/** Fewer collections than this say nothing about how long they take. */
const FEWEST_COLLECTIONS = 5

export function memoryTable(bytes: readonly Bytes[], garbage: readonly Garbage[]): Table {
  const sizes = unique(bytes.map(({ size }) => size))
  const head = [
    '',
    ...sizes.map((size) => `bytes per entry at ${entries(size)}`),
    'GC ms per million inserts',
  ]
  const rows = unique(bytes.map(({ peer }) => peer)).map((peer) => [
    peer,
    ...sizes.map((size) => {
      const one = bytes.find((other) => other.peer === peer && other.size === size)
      return one === undefined ? '–' : one.perEntry.toFixed(0)
    }),
    garbage
      .find((one) => one.peer === peer && one.collections >= FEWEST_COLLECTIONS)
      ?.perMillion.toFixed(1) ?? '–',
  ])
  return [head, ...rows]
}

export function entries(size: number): string {
  return size.toLocaleString('en')
}

/** Three digits, and no more than whole nanoseconds above a hundred. */
export function nanoseconds(ns: number): string {
  return ns >= 100 ? Math.round(ns).toLocaleString('en') : ns.toFixed(1)
}

export function unique<T>(list: readonly T[]): T[] {
  return [...new Set(list)]
}
