import { readTrace } from '../../bench/traces/read.ts'
import { Database } from './client.ts'
import { now, type Read, tell } from './messages.ts'
import { openWays } from './ways.ts'

// One of the processes of the service. It answers its share of the requests of the trace, at an even pace, once by each way.
const [worker, workers, rate, databasePort, redisPort] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
  number,
]
const trace = readTrace('web12')
const database = new Database(databasePort)
const ways = await openWays(redisPort)
const counts = ways.map(() => ({ queries: 0, failures: 0, reads: [] as Read[] }))

async function serve(id: number): Promise<void> {
  await Promise.all(
    ways.map(async (way, i) => {
      const count = counts[i]!
      const start = now()
      try {
        const page = await way.read(id, () => {
          count.queries++
          return database.read(id)
        })
        count.reads.push([id, start, page.version])
      } catch {
        count.failures++
      }
    }),
  )
}

process.once('message', () => {
  const start = now()
  let served = 0
  setInterval(() => {
    for (const due = ((now() - start) / 1_000) * rate; served < due; served++)
      void serve(trace[(worker + workers * served) % trace.length]!)
  }, 5)
  setInterval(() => {
    tell({ kind: 'reads', ways: counts })
    for (const count of counts) count.reads = []
  }, 250)
})
process.on('disconnect', () => process.exit())
tell({ kind: 'ready' })
