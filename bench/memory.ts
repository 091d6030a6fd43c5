import { execFileSync } from 'node:child_process'
import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { items } from './keys.ts'
import { loopsFor } from './measure.ts'
import { evicts } from './operations.ts'
import type { Peer, Target } from './peers/peer.ts'

export interface Bytes {
  readonly peer: string
  readonly size: number
  /** Bytes on the heap and in its buffers, per entry of the capacity; keys and values are the caller's and not counted. */
  readonly perEntry: number
}

/** Measured on at least this many entries: as many caches are made. */
const ENTRIES = 100_000
/** How many times as many keys are set as fit: by then Maps in which keys come and go have grown as far as they will. */
export const TIMES = 4

/** What a cache itself takes after many more keys were set than fit, with whatever it remembers of them. */
export async function measureBytes(peer: Peer, size: number): Promise<number> {
  const keys = items('held', TIMES * size)
  const { set } = await loopsFor(peer, 'held')
  const copies = Math.max(1, Math.ceil(ENTRIES / size))
  const held: Target[] = []
  fill(held, 1, peer, Math.min(size, 1_000), (target) => set(target, keys, 0, 1_000))
  held.length = 0
  const before = await bytesInUse()
  fill(held, copies, peer, size, (target) => {
    for (let from = 0; from < keys.length; from += size) {
      set(target, keys, from, from + size)
      target.settle?.()
    }
  })
  const after = await bytesInUse()
  return (after - before) / held.length / size
}

/** As `measureBytes`, in a process of its own, which holds nothing else. */
export function measureBytesApart(peer: Peer, size: number): Bytes | undefined {
  if (!evicts(peer, size)) return undefined
  const script = fileURLToPath(new URL('memory-process.ts', import.meta.url))
  const args = [...process.execArgv, script, peer.name, String(size)]
  const perEntry = Number(execFileSync(process.execPath, args, { encoding: 'utf8' }))
  return { peer: peer.name, size, perEntry }
}

/** A function of its own, so that no variable of the caller keeps a cache alive. */
function fill(held: Target[], copies: number, peer: Peer, size: number, set: (target: Target) => void): void {
  for (let i = 0; i < copies; i++) {
    const target = peer.make(size)
    set(target)
    held.push(target)
  }
}

export interface Garbage {
  readonly peer: string
  readonly size: number
  /** Milliseconds of collection per million insertions into a full cache. */
  readonly perMillion: number
  readonly collections: number
}

/** How long the garbage collector works for a peer that inserts new keys when full; each key is built anew and goes with its entry. */
export async function measureGarbage(
  peers: readonly Peer[],
  size: number,
  insertions: number,
): Promise<Garbage[]> {
  const keys = items('built', 4 * size)
  const results: Garbage[] = []
  for (const peer of peers) {
    if (!evicts(peer, size)) continue
    const { set } = await loopsFor(peer, 'built')
    const target = peer.make(size)
    set(target, keys, 0, keys.length)
    globalThis.gc!()
    const collections: number[] = []
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) collections.push(entry.duration)
    })
    await setImmediate()
    observer.observe({ entryTypes: ['gc'] })
    for (let done = 0; done < insertions; done += size) {
      const from = done % keys.length
      set(target, keys, from, from + size)
      target.settle?.()
      await setImmediate()
    }
    await setImmediate()
    observer.disconnect()
    const time = collections.reduce((a, b) => a + b, 0)
    const perMillion = (time * 1e6) / insertions
    results.push({ peer: peer.name, size, perMillion, collections: collections.length })
  }
  return results
}

async function bytesInUse(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc!()
    await setImmediate()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
