import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { nextReads, optimum } from '../../src/cli/optimum.ts'
import { readTrace } from '../../src/cli/read.ts'
import { replay } from '../../src/cli/replay.ts'
import type { Trace } from '../../src/cli/trace.ts'
import { drawn } from './families.ts'
import { type Pair, readReference } from './reference.ts'
import { synthetic } from './synthetic.ts'

const ENDING = '.trace.u32.br'
const REFERENCE = 'reference-hit-ratios.csv'
const SIZES = ['0.1%', '0.5%', '100', '1%', '500', '5%', '1000', '10%', '25%']

/** A trace of a folder with the sizes to measure it at. */
export interface Work {
  name: string
  trace: Trace
  pairs: Pair[]
}

/** The traces of a folder one by one, at the sizes of its reference; where there is none, at usual sizes, with LRU and optimum computed here. */
export async function* worksOf(folder: string): AsyncGenerator<Work> {
  const file = join(folder, REFERENCE)
  const reference = existsSync(file) ? readReference(file) : undefined
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(ENDING))
    .map((name) => name.slice(0, -ENDING.length))
  for (const name of names.sort()) {
    const pairs = reference?.filter((pair) => pair.trace === name)
    if (pairs?.length === 0) continue
    const trace = await readTrace(join(folder, name + ENDING), { stdin: Readable.from([]) })
    yield { name, trace, pairs: pairs ?? computed(name, trace) }
  }
}

/** The synthetic workloads one by one, at usual sizes. */
export function* syntheticWorks(): Generator<Work> {
  for (const { name, trace } of synthetic()) yield { name, trace, pairs: computed(name, trace) }
}

/** Workloads drawn from a seed, at usual sizes. */
export function* drawnWorks(seed: number): Generator<Work> {
  for (const { name, trace } of drawn(seed)) yield { name, trace, pairs: computed(name, trace) }
}

/** Where a trace comes from. */
export interface Source {
  name: string
  notes: string
  source: string
  licence: string
}

/** What the folder's `manifest.json` says of its traces, if there is one. */
export function sourcesOf(folder: string): Source[] {
  const file = join(folder, 'manifest.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).traces : []
}

/** The share of reads that the engine answers. */
export function hitRatio(trace: Trace, policy: 'adaptive' | 'lru', size: number): number {
  return replay(trace, { policy, size, ttl: Infinity }) / trace.keys.length
}

/** The share of first reads that the engine answers where each read is made twice in a row. The second is a hit whatever the policy does. */
export function doubledHitRatio(trace: Trace, policy: 'adaptive' | 'lru', size: number): number {
  const { length } = trace.keys
  const keys = new Uint32Array(2 * length)
  for (let i = 0; i < length; i++) keys[2 * i] = keys[2 * i + 1] = trace.keys[i]!
  return (replay({ ...trace, keys }, { policy, size, ttl: Infinity }) - length) / length
}

function computed(name: string, trace: Trace): Pair[] {
  const next = nextReads(trace)
  return SIZES.map((size) => {
    const capacity = size.endsWith('%')
      ? Math.max(50, Math.round((trace.unique * parseFloat(size)) / 100))
      : Number(size)
    const best = optimum(trace, next, capacity, Infinity) / trace.keys.length
    const others = { OPT: best, LRU: hitRatio(trace, 'lru', capacity) }
    return { trace: name, size, capacity, keys: trace.unique, others }
  })
}
