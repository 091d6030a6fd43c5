// Runs in each runtime, on the package as it is installed: of the language and what all runtimes have, nothing else.
import { Cache } from 'nearcache'
import { contractCases } from 'nearcache/testing'

/** What was tried, and what went wrong. */
export interface Findings {
  readonly cases: number
  readonly failures: string[]
}

/** The contract, and what needs real time: the sweep, the deadline of a load. */
export async function smoke(): Promise<Findings> {
  const cases = [...contractCases((options) => new Cache(options)), ...realTime]
  const failures: string[] = []
  for (const { name, run } of cases) {
    await run().catch((error: unknown) => failures.push(`${name}: ${error}`))
  }
  return { cases: cases.length, failures }
}

const realTime: readonly { name: string; run(): Promise<void> }[] = [
  {
    name: 'in real time an entry expires, is swept out, and the listener told',
    async run() {
      await after(0)
      const told: unknown[] = []
      const cache = new Cache<string, number>({ ttl: 30, onRemoval: ({ reason }) => told.push(reason) })
      cache.set('k', 1)
      if (cache.get('k') !== 1) throw new Error('not there')
      await after(40)
      if (cache.get('k') !== undefined) throw new Error('still there')
      for (let i = 0; i < 100 && cache.size > 0; i++) await after(100)
      if (cache.size > 0 || told.join() !== 'expired') throw new Error(`${cache.size} held, told of ${told}`)
    },
  },
  {
    name: 'in real time a load is given up',
    async run() {
      const cache = new Cache<string, number>()
      const load = cache.getOrLoad('k', () => new Promise<number>(() => {}), { hardTimeout: 30 })
      const error = await load.catch((error: unknown) => error)
      if ((error as { code?: string }).code !== 'TIMEOUT') throw new Error(`rejected with ${error}`)
    },
  },
  {
    name: 'a load that waits for itself fails',
    async run() {
      const cache = new Cache<string, number>()
      const load = async (): Promise<number> => cache.getOrLoad('k', load)
      const error = await cache.getOrLoad('k', load).catch((error: unknown) => error)
      if ((error as { code?: string }).code !== 'LOAD_CYCLE') throw new Error(`rejected with ${error}`)
    },
  },
]

export function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
