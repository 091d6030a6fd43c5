import type { Replay } from './replay.ts'

/** The results of all runs as a table of plain text. The first run is the one that the others are compared with. */
export function report(runs: Map<string, Replay>): string {
  const slowest = [...runs.values()][0]!.total
  const rows = [...runs].map(([name, run]) => [
    name,
    percent(hitRatio(run)),
    count(run.queries),
    count(run.expirations),
    duration(quantile(run.times, 0.5)),
    duration(quantile(run.times, 0.99)),
    duration(run.total),
    `${(slowest / run.total).toFixed(2)} ×`,
  ])
  return align([header, ...rows])
}

const header = ['', 'hit ratio', 'queries', 'expired', 'median', 'p99', 'total', 'times faster']

export function hitRatio({ hits }: Replay): number {
  return hits.reduce((sum, hit) => sum + hit, 0) / hits.length
}

export function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`
}

export function count(n: number): string {
  return n.toLocaleString('en')
}

function quantile(times: Float64Array, share: number): number {
  return times.slice().sort()[Math.floor(share * (times.length - 1))]!
}

function duration(milliseconds: number): string {
  if (milliseconds < 0.1) return `${(1000 * milliseconds).toFixed(1)} µs`
  if (milliseconds < 1000) return `${milliseconds.toFixed(2)} ms`
  return `${(milliseconds / 1000).toFixed(1)} s`
}

/** The first column to the left, the others to the right. */
function align(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const [head, ...body] = rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('   '),
  )
  return [head!, '─'.repeat(head!.length), ...body].map((line) => `  ${line}`).join('\n')
}
