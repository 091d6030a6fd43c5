/**
 * What recording a trace costs a read: `get` of a key that is there, with no recording, while recording, and after it has stopped.
 * Each figure is the lower quartile of many rounds, since a busy machine only adds; between rounds the file catches up, as in a service that reads less than all the time.
 */
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Cache } from '../src/index.ts'
import { type RecordOptions, recordTrace } from '../src/trace/index.ts'

const KEYS = 4096
const READS = 20_000
const ROUNDS = 40

interface Row {
  keys: string
  file: string
  plain: number
  recording: number
  stopped: number
  dropped: number
}

const rows: Row[] = []
for (const [keys, makeKey] of Object.entries({
  numbers: (i: number) => i * 17,
  'strings of 20': (i: number) => `/products/${String(i).padStart(10, '0')}`,
})) {
  for (const [file, options] of [
    ['trace.txt', {}],
    ['trace.txt.gz', {}],
    ['trace.txt.br', {}],
    ['trace.txt.gz', { times: true }],
    ['trace.txt.gz', { sample: 0.1 }],
    ['trace.txt.gz', { keys: 'plain' }],
  ] satisfies [string, RecordOptions][]) {
    rows.push(await measure(keys, makeKey, file, options))
  }
}

console.log('| keys | recording to | plain hit | while recording | | after stopping |')
console.log('|---|---|--:|--:|--:|--:|')
for (const { keys, file, plain, recording, stopped, dropped } of rows) {
  const ratio = `${(recording / plain).toFixed(1)} times`
  console.log(
    `| ${keys} | ${file} | ${ns(plain)} | ${ns(recording)} | ${ratio} | ${ns(stopped)} |${dropped > 0 ? ` ${dropped} dropped` : ''}`,
  )
}

async function measure(
  keys: string,
  makeKey: (i: number) => unknown,
  file: string,
  options: RecordOptions,
): Promise<Row> {
  const cache = new Cache<unknown, number>({ maxEntries: KEYS, ttl: Infinity })
  const all = Array.from({ length: KEYS }, (_, i) => makeKey(i))
  for (const [i, key] of all.entries()) cache.set(key, i)
  // A fixed shuffle, so that reads jump about.
  const order = Uint32Array.from({ length: READS }, (_, i) => Math.imul(i, 2654435761) >>> 20)

  const plain = await rounds(cache, all, order)
  const path = join(tmpdir(), `nearcache-record-cost-${process.pid}-${file}`)
  const recording = recordTrace(cache, path, options)
  const whileRecording = await rounds(cache, all, order)
  const { dropped } = await recording.stop()
  await rm(path)
  const stopped = await rounds(cache, all, order)
  const what = Object.entries(options).map(([name, value]) => `, ${name}: ${value}`)
  return { keys, file: file + what.join(''), plain, recording: whileRecording, stopped, dropped }
}

/** Nanoseconds per read. */
async function rounds(
  cache: Cache<unknown, number>,
  keys: readonly unknown[],
  order: Uint32Array,
): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    let found = 0
    const start = process.hrtime.bigint()
    for (let i = 0; i < order.length; i++) if (cache.get(keys[order[i]!]) !== undefined) found++
    times.push(Number(process.hrtime.bigint() - start) / order.length)
    if (found !== order.length) throw new Error(`${order.length - found} reads missed`)
    await pause(40)
  }
  return times.sort((a, b) => a - b)[ROUNDS >> 2]!
}

function ns(time: number): string {
  return `${time.toFixed(0)} ns`
}
