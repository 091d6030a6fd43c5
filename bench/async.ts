import type { AsyncLoop } from './async-loop.ts'
import { items, random, shuffled } from './keys.ts'
import { compare, type Result, type Side } from './measure.ts'
import type { AsyncPeer } from './peers/peer.ts'

const REFERENCE = 'nearcache getOrLoad'

/** The asynchronous read path: hits, one awaited after the other, and loads of a full cache whose loader resolves at once. */
export async function measureAsync(
  peers: readonly AsyncPeer[],
  size: number,
  rounds: number,
): Promise<Result[]> {
  const results: Result[] = []
  const keys = items('held', 4 * size) as string[]
  const all = shuffled(keys.slice(0, size), random(1))
  let loads = 0
  const loader = async (key: string): Promise<object> => {
    loads++
    return { key }
  }
  for (const operation of ['await a hit', 'await a load']) {
    const isHit = operation === 'await a hit'
    const count = isHit ? size : 500
    const sides: Side[] = []
    for (const peer of peers) {
      const { read } = await loopFor(peer)
      const target = peer.make(size, loader)
      await read(target, all, 0, size)
      sides.push({
        name: peer.name,
        run(round) {
          if (isHit) return countHits(() => read(target, all, 0, size))
          const from = size + ((round * count) % (3 * size))
          return read(target, keys, from, from + count)
        },
      })
    }
    const terms = { count, expected: count, rounds, reference: REFERENCE }
    for (const result of await compare(sides, terms))
      results.push({ operation, keys: 'held', size, ...result })
  }
  return results

  async function countHits(run: () => Promise<number>): Promise<number> {
    const before = loads
    return (await run()) - (loads - before)
  }
}

async function loopFor(peer: AsyncPeer): Promise<AsyncLoop> {
  return import(`./async-loop.ts?peer=${encodeURIComponent(peer.name)}`)
}
