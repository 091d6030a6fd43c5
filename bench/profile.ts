/**
 * Where the time of an operation goes: into V8's Map, the garbage collector, or the code of the cache. Written to
 * docs/benchmarks/profile.md by `npm run bench:profile`, from samples of V8's own profiler on a Node whose profiler names builtins.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installNode, installPeers } from './install.ts'
import { measureMapCopies } from './map-copies.ts'
import { entryOf, type OperationName } from './operations.ts'
import { caption, describeEnvironment } from './report.ts'
import { entries, toMarkdown } from './tables.ts'

const MAJOR = '24'
const SECONDS = 3
const PEERS = ['nearcache', 'nearcache lru', 'lru-cache']
const OPERATIONS: readonly OperationName[] = ['hit', 'insert', 'zipf']
const SIZES = [1_000, 100_000]

const MAP = /OrderedHash|Builtin: (MapPrototype|StringEqual|.*Map.*)|MapShrink|Rehash/
const CACHE = /^(JS: |Builtin: (Load|Store|Keyed))/

installPeers()
const node = installNode(MAJOR)
const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
const rows = [['operation', 'entries', 'cache', "V8's Map", 'its own code', 'garbage collection', 'other']]
for (const operation of OPERATIONS)
  for (const size of SIZES)
    for (const peer of PEERS) {
      console.error(`${entryOf(operation).label}, ${entries(size)} entries: ${peer} …`)
      const { map, cache, collector, other } = shares(profile(peer, operation, size))
      rows.push([
        entryOf(operation).label,
        entries(size),
        peer,
        ...[map, cache, collector, other].map(percent),
      ])
    }

console.error('The steps of a hit, an update and an insertion …')
const hitSteps = printed('hit-steps.ts')
const updateSteps = printed('update-steps.ts')
const insertSteps = printed('insert-steps.ts')

console.error('Maps that are copied …')
const mapCopies = measureMapCopies()

const file = new URL('../docs/benchmarks/profile.md', import.meta.url)
writeFileSync(
  file,
  `${[
    '# Where the time goes',
    `${caption({ ...describeEnvironment(), node: version })}. Written by \`npm run bench:profile\`.`,
    "The share of the samples of V8's profiler that fell into each part, while one operation was done again and again for some seconds. The operations are those of the [benchmark](README.md). What a Map takes for a lookup, an insertion and a removal no cache on a Map can save.",
    toMarkdown(rows),
    '## What a hit is made of',
    'How many times as long as `Map.get` each takes: first a Map, then one by one what a cache has to do besides, in the plainest code that would do where nothing ever changes; then nearcache, while nothing in it has expired and while something has.',
    hitSteps,
    '## What an update is made of',
    'How many times as long as `Map.set` under a key that is there each takes: first a Map, then one by one what a cache has to do besides, in the plainest code that would do where nothing is ever inserted; then nearcache, and caches that do less.',
    updateSteps,
    '## What an insertion is made of',
    'How many times as long as a Map with its keys and values in a row each takes to insert a key into a full cache: first that, then one by one what a cache has to do besides, in the plainest code that would do where nothing is ever read; then nearcache, and a cache that does less. Young objects are collected between samples and have room until then, so what their collection takes is not in these figures.',
    insertSteps,
    '## What it is worth to copy a Map',
    'V8 replaces the inner table of a Map in which keys come and go now and then, and the old table refers to the new one. A table old enough to be left to full collections keeps all later ones alive until the next of those, though only the last is in use, and collections of young objects copy them. So nearcache puts a copy, to which no table refers, in the place of a Map of 2,048 keys or fewer after eight insertions for each key. The table tells how many times as long an insertion takes where the Map is never copied, after a full collection, each in a process of its own. Tables for more keys are large objects, which V8 does not copy, so there a copy costs more than it brings on most Nodes:',
    mapCopies,
  ].join('\n\n')}\n`,
)
console.log(`Written to ${fileURLToPath(file)}`)

/** What another script of this folder prints, on the Node of this page, with room for all young objects of a sample. */
function printed(name: string): string {
  const script = fileURLToPath(new URL(name, import.meta.url))
  const flags = ['--expose-gc', '--min-semi-space-size=32', '--max-semi-space-size=64']
  return execFileSync(node, [...flags, script], { encoding: 'utf8' }).trim()
}

/** What the profiler counted: lines of ticks and names, and the ticks of the collector. */
function profile(peer: string, operation: string, size: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'nearcache-profile-'))
  const log = join(folder, 'v8.log')
  const script = fileURLToPath(new URL('profile-process.ts', import.meta.url))
  const flags = ['--prof', '--no-logfile-per-isolate', `--logfile=${log}`, '--expose-gc']
  try {
    execFileSync(node, [...flags, script, peer, operation, String(size), String(SECONDS)])
    return execFileSync(node, ['--prof-process', log], {
      encoding: 'utf8',
      maxBuffer: 1e9,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function shares(report: string): Record<'map' | 'cache' | 'collector' | 'other', number> {
  const top = report.slice(0, report.indexOf('[Summary]'))
  let map = 0
  let cache = 0
  let named = 0
  for (const [, ticks, name] of top.matchAll(/^ +(\d+) +[\d.]+% +[\d.]+% +(.+)$/gm)) {
    named += Number(ticks)
    if (MAP.test(name!)) map += Number(ticks)
    else if (CACHE.test(name!)) cache += Number(ticks)
  }
  const collector = Number(/^ +(\d+) +[\d.]+% +[\d.]+% +GC$/m.exec(report)?.[1] ?? 0)
  const total = Math.max(named, Number(/\((\d+) ticks/.exec(report)![1]))
  return {
    map: map / total,
    cache: cache / total,
    collector: collector / total,
    other: (total - map - cache - collector) / total,
  }
}

function percent(share: number): string {
  return `${Math.round(100 * Math.max(0, share))} %`
}
