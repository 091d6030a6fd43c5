import { measureBytes } from './memory.ts'
import { syncPeers } from './peers/sync.ts'

/** Prints the bytes per entry of the peer and size on the command line. */
const [name, size] = process.argv.slice(2)
const peer = await syncPeers[name!]!()
console.log(await measureBytes(peer, Number(size)))
// Timers of the peer would keep the process.
process.exit()
