/** The measured loop of the asynchronous peers. As with `loops.ts`, each peer has its own instance of this module. */
import type { AsyncTarget } from './peers/peer.ts'

export type AsyncLoop = typeof import('./async-loop.ts')

export async function read(
  target: AsyncTarget,
  keys: readonly string[],
  from: number,
  to: number,
): Promise<number> {
  let found = 0
  for (let i = from; i < to; i++) if ((await target.read(keys[i]!)) !== undefined) found++
  return found
}
