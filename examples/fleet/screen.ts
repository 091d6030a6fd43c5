import type { Account, Figures } from './account.ts'
import type { Scene } from './story.ts'
import { wayNames } from './ways.ts'

/** Shows how things stand: on a terminal in lines that change each second, in a log at the end of each scene. */
export class Screen {
  readonly #account: Account
  #drawn = 0

  constructor(account: Account) {
    this.#account = account
  }

  /** Leaves what was drawn where it is and begins anew. */
  scene({ name, seconds }: Scene): void {
    if (!isTerminal && this.#drawn > 0) console.log(table(this.#account))
    console.log(`\n  ${name} (${seconds} s)`)
    this.#drawn = isTerminal ? 0 : 1
  }

  update(): void {
    if (!isTerminal) return
    if (this.#drawn > 0) process.stdout.write(`\x1b[${this.#drawn}A\x1b[0J`)
    const text = table(this.#account)
    process.stdout.write(`${text}\n`)
    this.#drawn = text.split('\n').length
  }
}

const isTerminal = process.stdout.isTTY === true

const header = [
  '',
  'hit ratio',
  'queries',
  'failed',
  'reads older than the source',
  'worst, after the answer to the write',
]

/** The figures of all ways as a table of plain text. */
export function table(account: Account): string {
  const rows = [header, ...wayNames.map((name, way) => row(name, account.figures(way)))]
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map(
      (row) =>
        `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('   ')}`,
    )
    .join('\n')
}

function row(name: string, figures: Figures): string[] {
  const { queries, failures, old, worst } = figures
  return [
    name,
    percent(hitRatio(figures)),
    count(queries),
    count(failures),
    count(old.length),
    duration(worst),
  ]
}

/** The share of the reads that needed no query. */
export function hitRatio({ reads, queries }: Figures): number {
  return reads === 0 ? 0 : Math.max(0, 1 - queries / reads)
}

export function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`
}

export function count(n: number): string {
  return n.toLocaleString('en')
}

export function duration(milliseconds: number): string {
  if (milliseconds === 0) return 'none'
  return milliseconds < 1_000
    ? `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`
    : `${(milliseconds / 1_000).toFixed(1)} s`
}
