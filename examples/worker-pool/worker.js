import { createHash } from 'node:crypto'
import { BroadcastChannel, parentPort, workerData } from 'node:worker_threads'
import { Cache } from 'nearcache'

/** @type {Cache<string, string>} */
const thumbnails = new Cache({ maxEntries: 200, ttl: '10m' })

// What changes is told to all: each deletes it in its own cache. Work under way on the old picture is then not kept.
const changes = new BroadcastChannel(workerData.channel)
changes.onmessage = ({ data }) => thumbnails.delete(data)
changes.unref()

parentPort.on('message', ({ id, kind, picture }) => {
  const result =
    kind === 'stats' ? thumbnails.stats() : thumbnails.getOrSet(picture, () => makeThumbnail(picture))
  parentPort.postMessage({ id, result })
})

/** Stands for work that keeps a processor busy for a while. */
function makeThumbnail(picture) {
  let digest = picture
  for (let round = 0; round < 200; round++) digest = createHash('sha256').update(digest).digest('hex')
  return digest
}
