import { readTrace } from '../../bench/traces/read.ts'
import { Database } from './client.ts'
import { now, tell } from './messages.ts'
import { openWays } from './ways.ts'

// The process that changes rows, at an even pace. Popular pages change most often, as they are taken from the trace.
const [rate, databasePort, redisPort] = process.argv.slice(2).map(Number) as [number, number, number]
const trace = readTrace('web12')
const database = new Database(databasePort)
const ways = await openWays(redisPort)

async function write(id: number): Promise<void> {
  const { version } = await database.write(id)
  const committed = now()
  const answered = await Promise.all(
    ways.map(async (way) => {
      await way.invalidate(id)
      return now()
    }),
  )
  tell({ kind: 'write', write: { id, version, committed, answered } })
}

process.once('message', () => {
  let written = 0
  setInterval(() => void write(trace[(7_919 * ++written) % trace.length]!), 1_000 / rate)
})
process.on('disconnect', () => process.exit())
tell({ kind: 'ready' })
