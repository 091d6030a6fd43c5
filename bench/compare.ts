/**
 * Puts the working tree beside another commit, in one process and by turns: `npm run bench:compare -- <commit>` (main unless given).
 * Prints a table of Markdown. A figure counts if it is outside what the quarters of its rounds span.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Cache as CacheClass } from 'nearcache'

const root = fileURLToPath(new URL('../', import.meta.url))
const base = process.argv[2] ?? 'main'
const rounds = 21
const calls = 100_000
const entries = 1_000

type Make = typeof CacheClass

/** Each gives the nanoseconds of one call. */
const operations: Record<string, (Cache: Make) => () => number | Promise<number>> = {
  'get, a hit': (Cache) => {
    const cache = filled(Cache)
    return () => timed((i) => cache.get(i % entries))
  },
  'get, a miss': (Cache) => {
    const cache = filled(Cache)
    return () => timed((i) => cache.get(-1 - (i % entries)))
  },
  'set, an overwrite': (Cache) => {
    const cache = filled(Cache)
    return () => timed((i) => cache.set(i % entries, i))
  },
  'set, with an eviction': (Cache) => {
    const cache = filled(Cache)
    let key = entries
    return () => timed(() => cache.set(key++, 1))
  },
  'getOrLoad, a hit': (Cache) => {
    const cache = filled(Cache)
    return async () => {
      const start = process.hrtime.bigint()
      for (let i = 0; i < calls; i++) await cache.getOrLoad(i % entries, async () => 1)
      return Number(process.hrtime.bigint() - start) / calls
    }
  },
}

function filled(Cache: Make): CacheClass<number, number> {
  const cache = new Cache<number, number>({ maxEntries: entries })
  for (let i = 0; i < entries; i++) cache.set(i, i)
  return cache
}

function timed(call: (i: number) => unknown): number {
  const start = process.hrtime.bigint()
  for (let i = 0; i < calls; i++) call(i)
  return Number(process.hrtime.bigint() - start) / calls
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.round(share * (sorted.length - 1))]!
}

/** The class as that commit has it, built in a work tree of its own. */
async function buildOf(commit: string): Promise<Make> {
  const tree = join(root, '.cache/compare')
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' })
  rmSync(tree, { recursive: true, force: true })
  git('worktree', 'prune')
  git('worktree', 'add', '--detach', tree, commit)
  try {
    const modules = join(tree, 'node_modules')
    if (!existsSync(modules)) symlinkSync(join(root, 'node_modules'), modules, 'junction')
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: tree, stdio: 'inherit' })
    return (await import(pathToFileURL(join(tree, 'dist/index.js')).href)).Cache
  } finally {
    git('worktree', 'remove', '--force', tree)
  }
}

const before = await buildOf(base)
const { Cache: after }: { Cache: Make } = await import(new URL('../dist/index.js', import.meta.url).href)

console.log(`| | ${base.slice(0, 12)} | here | ratio | quarters of the ratio |`)
console.log('|---|---:|---:|---:|---:|')
for (const [name, operation] of Object.entries(operations)) {
  const [one, other] = [operation(before), operation(after)]
  const pairs: [number, number][] = []
  for (let i = 0; i < rounds; i++) {
    // Turn and turn about, so that neither always runs first.
    if (i % 2 === 0) pairs.push([await one(), await other()])
    else {
      const second = await other()
      pairs.push([await one(), second])
    }
  }
  const measured = pairs.slice(3)
  const middle = (values: number[]): string =>
    `${quantile(
      values.sort((a, b) => a - b),
      0.5,
    ).toFixed(1)} ns`
  const ratios = measured.map(([a, b]) => b / a).sort((a, b) => a - b)
  const span = `${quantile(ratios, 0.25).toFixed(2)} to ${quantile(ratios, 0.75).toFixed(2)}`
  console.log(
    `| ${name} | ${middle(measured.map(([a]) => a))} | ${middle(measured.map(([, b]) => b))} | ${quantile(ratios, 0.5).toFixed(2)} | ${span} |`,
  )
}
