import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import type { Fill } from './fill.ts'
import type { Latencies } from './latency.ts'
import type { LongRun } from './long-run.ts'
import type { Result } from './measure.ts'
import type { Bytes, Garbage } from './memory.ts'
import type { Absent } from './peers/peer.ts'

/** All that a run has measured, as it is written to results.json. */
export interface Report {
  readonly environment: Environment
  /** Whether the run was a short one. */
  readonly quick: boolean
  readonly seconds: number
  readonly peers: readonly PeerInfo[]
  readonly absent: readonly Absent[]
  readonly speed: readonly Result[]
  readonly async: readonly Result[]
  readonly latency: Latencies
  readonly fill: readonly Fill[]
  readonly bytes: readonly Bytes[]
  readonly garbage: readonly Garbage[]
  readonly longRuns: readonly LongRun[]
}

export interface PeerInfo {
  readonly name: string
  readonly version: string
  readonly ttl: boolean
  readonly note: string
}

export interface Environment {
  readonly node: string
  readonly commit: string
  readonly machine: string
  readonly date: string
}

export function describeEnvironment(): Environment {
  const processors = cpus()
  return {
    node: process.version,
    commit: commit(),
    machine: `${processors[0]?.model.trim() ?? 'unknown processor'}, ${processors.length} cores, ${process.platform} ${process.arch}`,
    date: new Date().toISOString().slice(0, 10),
  }
}

/** One line for captions. */
export function caption({ node, commit, machine, date }: Environment): string {
  return `nearcache ${commit} · Node ${node} · ${machine} · ${date}`
}

function commit(): string {
  try {
    const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim()
    const changed = git('status', '--porcelain', '--', 'src') !== ''
    return git('rev-parse', '--short', 'HEAD') + (changed ? ' with changes' : '')
  } catch {
    return 'of an unknown commit'
  }
}
