import { parseArgs } from 'node:util'
import { measure, type Samples } from './measure.ts'
import { makeOperation, type Operation, operationNames } from './operations.ts'
import { loadPeers } from './peers.ts'
import { type Figure, figure, ratio } from './statistics.ts'

const { values: options } = parseArgs({
  options: {
    op: { type: 'string', multiple: true, default: operationNames },
    size: { type: 'string', multiple: true, default: ['100', '1000', '100000'] },
    peer: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '21' },
    dist: { type: 'string', default: '' },
  },
})

const dist = new URL(options.dist || '../dist/index.js', import.meta.url).href
const all = await loadPeers(dist)
const peers = all.filter((peer) => options.peer.length === 0 || options.peer.includes(peer.name))

console.log(`node ${process.version}; median ns per operation [quartiles], ratios paired by round\n`)
console.log(row('operation', 'size', 'peer', 'ns', '/ Map', '/ lru-cache', 'found'))
for (const name of options.op) {
  for (const size of options.size) {
    const operation = makeOperation(name, Number(size))
    const samples = await measure(operation, peers, Number(options.rounds))
    print(operation, Number(size), samples)
  }
}

function print(operation: Operation, size: number, samples: readonly Samples[]): void {
  const of = (name: string): Samples | undefined => samples[peers.findIndex((peer) => peer.name === name)]
  for (const [i, peer] of peers.entries()) {
    const { nanoseconds, found } = samples[i]!
    const to = (name: string): string => {
      const other = of(name)
      return other === undefined ? '' : spread(ratio(nanoseconds, other.nanoseconds))
    }
    const ns = spread(figure(nanoseconds), 1)
    console.log(
      row(operation.name, String(size), peer.name, ns, to('Map'), to('lru-cache'), share(operation, found)),
    )
  }
}

function share({ count, expected }: Operation, found: readonly number[]): string {
  if (expected !== undefined && found.some((n) => n !== expected)) return `WRONG: ${found} of ${expected}`
  return `${((100 * found.reduce((a, b) => a + b)) / (count * found.length)).toFixed(1)} %`
}

function spread({ median, low, high }: Figure, digits = 2): string {
  return `${median.toFixed(digits)} [${low.toFixed(digits)}–${high.toFixed(digits)}]`
}

function row(operation: string, size: string, peer: string, ns: string, ...rest: string[]): string {
  const cells = rest.map((cell) => cell.padStart(18))
  return [operation.padEnd(11), size.padStart(8), `  ${peer.padEnd(14)}`, ns.padStart(20), ...cells].join(' ')
}
