/** Another process with a cache of its own, which does what it is told by its parent. */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { ioredis, type Way, ways } from './ways.ts'

export type Order =
  | {
      readonly order: 'seed'
      readonly prefix: string
      readonly from: number
      readonly to: number
      readonly value: unknown
    }
  | { readonly order: 'hold'; readonly key: string; readonly version: number }
  | { readonly order: 'watch'; readonly key: string; readonly version: number }
  | { readonly order: 'read'; readonly keys: readonly string[]; readonly time: number; readonly seed: number }
/** A read under concurrent writes: its key, when it began, and the version that it gave. */
export type Read = readonly [key: string, start: number, version: number]

/** The clock that all processes of a machine share, in milliseconds. */
export const clock = (): number => Number(process.hrtime.bigint()) / 1e6

const [name, port] = process.argv.slice(2) as [string, string]
if (name !== undefined && process.send !== undefined) {
  const way = await ways.find((one) => one.name === name)!.open(Number(port), 100_000)
  const source = await ioredis(Number(port))
  process.on('message', (order: Order) => {
    void obey(order, way, source).then((answer) => process.send!({ answer }))
  })
  process.on('disconnect', () => process.exit())
  process.send({ answer: 'ready' })
}

async function obey(order: Order, way: Way, source: any): Promise<unknown> {
  switch (order.order) {
    case 'seed':
      for (let i = order.from; i < order.to; i++)
        await way.read(`${order.prefix}${i}`, async () => order.value)
      // What is stored behind an answer.
      await sleep(100)
      return undefined
    case 'hold':
      await way.read(order.key, async () => ({ version: order.version }))
      return undefined
    case 'watch': {
      process.send!({ answer: 'watching' })
      const give = async (): Promise<unknown> => ({ version: order.version })
      for (;;) {
        const { version } = (await way.read(order.key, give)) as { version: number }
        if (version === order.version) return clock()
        await setImmediate()
      }
    }
    case 'read': {
      const reads: Read[] = []
      const end = clock() + order.time
      let state = order.seed
      const random = (): number => {
        state = (state * 48_271) % 2_147_483_647
        return state / 2_147_483_647
      }
      const readers = Array.from({ length: 8 }, async () => {
        while (clock() < end) {
          const key = order.keys[Math.floor(random() * order.keys.length)]!
          const start = clock()
          const found = (await way.read(key, async () => {
            const version = Number(await source.get(`source:${key}`))
            // An answer of a database is on its way for a while.
            await sleep(random() * 8)
            return { version }
          })) as { version: number }
          reads.push([key, start, found.version])
          await sleep(random() * 4)
        }
      })
      await Promise.all(readers)
      return reads
    }
  }
}
