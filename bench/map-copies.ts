import { execFileSync } from 'node:child_process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { installNode, nodeVersions } from './install.ts'
import { median } from './statistics.ts'
import { entries, toMarkdown } from './tables.ts'

/*
 * What it is worth to copy a Map in which keys come and go, each in a process of its own, on every Node.
 *
 *     npx tsx bench/map-copies.ts
 */

const SIZES = [100, 1_000, 2_000, 10_000]
const ROUNDS = 8
const REPEATS = 3

/** How many times as long an insertion takes in a Map that is never copied as in one that is: a table, as Markdown. */
export function measureMapCopies(): string {
  const rows = [['', ...SIZES.map((size) => `${entries(size)} keys`)]]
  for (const major of Object.keys(nodeVersions)) {
    const node = installNode(major)
    rows.push([`Node ${major}`, ...SIZES.map((size) => gain(node, size).toFixed(2))])
  }
  return toMarkdown(rows)
}

/** The median of ratios of runs that follow each other. */
function gain(node: string, size: number): number {
  return median(Array.from({ length: REPEATS }, () => time(node, size, 0) / time(node, size, ROUNDS)))
}

function time(node: string, size: number, rounds: number): number {
  const script = fileURLToPath(new URL('map-process.ts', import.meta.url))
  const flags = ['--expose-gc', '--import', 'tsx']
  return Number(execFileSync(node, [...flags, script, String(size), String(rounds)], { encoding: 'utf8' }))
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) console.log(measureMapCopies())
