import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { estimateBytes } from '../src/core/bytes.ts'
import { fills } from './bounds-kinds.ts'
import { kinds } from './estimate-kinds.ts'

/*
 * The estimate behind `maxBytes` beside what values of many kinds really take: `npm run bench:estimate` prints a table and writes it to
 * docs/benchmarks/estimate.md. Each kind is measured in a process of its own.
 */

/** Within this factor the estimate is to be. */
const GOAL = 1.5
const COPIES = 30_000
const COPIES_OF_LARGE = 2000

interface Measured {
  readonly kind: string
  readonly real: number
  readonly estimated: number
}

async function measure(kind: string): Promise<Measured> {
  const make = kinds[kind]!
  const copies = estimateBytes(make(0)) > 4000 ? COPIES_OF_LARGE : COPIES
  const held: unknown[] = new Array(copies).fill(null)
  // The first ones warm up the code that makes them.
  for (let i = 0; i < copies; i++) held[i] = make(-1 - i)
  held.fill(null)
  const before = await bytesInUse()
  for (let i = 0; i < copies; i++) held[i] = make(i + 1)
  const after = await bytesInUse()
  let estimated = 0
  for (const value of held) estimated += estimateBytes(value)
  // The place of each in the array is there already; the estimate counts it.
  return { kind, real: (after - before) / copies + 8, estimated: estimated / copies }
}

/** Bytes in use by a cache of ten megabytes, filled in one way. */
async function measureHeld(fill: string): Promise<number> {
  await fills[fill]!()
  const before = await bytesInUse()
  const cache = await fills[fill]!()
  const after = await bytesInUse()
  return cache.size > 0 ? after - before : Number.NaN
}

async function bytesInUse(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc!()
    await setImmediate()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function factor({ real, estimated }: Measured): number {
  return estimated / real
}

function table(all: readonly Measured[]): string {
  const rows = all.map((one) => {
    const { kind, real, estimated } = one
    return `| ${kind} | ${Math.round(real)} | ${Math.round(estimated)} | ${factor(one).toFixed(2)} |`
  })
  return ['| value | bytes | estimated | factor |', '|---|---:|---:|---:|', ...rows, ''].join('\n')
}

/** What this script prints in a process of its own. */
function apart<T>(name: string): T {
  const args = ['--expose-gc', '--import', 'tsx', fileURLToPath(import.meta.url), name]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}

const asked = process.argv[2] ?? ''
if (asked in kinds) console.log(JSON.stringify(await measure(asked)))
else if (asked in fills) console.log(JSON.stringify(await measureHeld(asked)))
else {
  const all: Measured[] = []
  for (const kind of Object.keys(kinds)) {
    all.push(apart(kind))
    process.stderr.write(`\r${all.length} of ${Object.keys(kinds).length} kinds `)
  }
  process.stderr.write('\r')
  const within = all.filter((one) => factor(one) <= GOAL && factor(one) >= 1 / GOAL).length
  const held = Object.keys(fills).map(
    (fill) => `| ${fill} | ${(apart<number>(fill) / 2 ** 20).toFixed(1)} MB |`,
  )
  const page = `# The estimate of bytes

What \`maxBytes\` takes a value for, beside what it takes on the heap and in buffers, on Node ${process.versions.node}. Written by
\`npm run bench:estimate\`. ${within} of ${all.length} kinds are within a factor of ${GOAL}. Private fields, closures, native resources, and
parts of a string that another shares cannot be seen from outside.

${table(all)}
## What a cache of \`maxBytes: '10mb'\` takes

The growth of the heap and of buffers by a cache that was filled to its bound and far beyond.

| filled with | takes |
|---|---:|
${held.join('\n')}
`
  writeFileSync(fileURLToPath(new URL('../docs/benchmarks/estimate.md', import.meta.url)), page)
  console.log(page)
}
