import { loopsFor } from './measure.ts'
import { entryOf, type OperationName, Scene } from './operations.ts'
import { syncPeers } from './peers/sync.ts'

/** Does one operation of one peer for some seconds, for a profiler to look on. */
const [name, operation, size, seconds] = process.argv.slice(2)
const peer = await syncPeers[name!]!()
const scene = new Scene('held', Number(size))
const subject = entryOf(operation as OperationName)
  .make(scene)
  .subject(peer, await loopsFor(peer, 'held'))
const end = performance.now() + 1000 * Number(seconds)
for (let round = 0; performance.now() < end; round++) {
  subject.prepare?.(round)
  await subject.run(round)
}
// Timers of the peer would keep the process.
process.exit()
