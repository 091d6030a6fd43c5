/**
 * Servers under load on this machine, with caches of responses in front of their handlers and with none: `npm run bench:http`, with
 * `-- --seconds 2` for a quick look. Writes docs/benchmarks/http.md. All take turns, and each figure is the median of the rounds.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { caption, describeEnvironment } from '../../../bench/report.ts'
import { median } from '../../../bench/statistics.ts'
import { toMarkdown } from '../../../bench/tables.ts'
import { subjects } from './load-server.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '5' } } })
const ROUNDS = 3
const CONNECTIONS = 20
/** Pages that the load asks for, one after the other; all of them fit into each cache. */
const PAGES = 500
/** Pages that are kept when the bytes are counted. */
const HELD = 1_000

interface Load {
  readonly requests: { readonly average: number }
  readonly latency: { readonly p99: number; readonly p50: number }
  readonly non2xx: number
  readonly errors: number
}
const autocannon = createRequire(import.meta.url)('autocannon') as (options: object) => Promise<Load>

class Server {
  readonly framework: string
  readonly cache: string
  readonly child: ChildProcess
  url = ''
  readonly rates: number[] = []
  readonly p99s: number[] = []
  held = 0

  constructor(framework: string, cache: string) {
    this.framework = framework
    this.cache = cache
    const execArgv = ['--expose-gc', '--import', 'tsx']
    this.child = fork(fileURLToPath(new URL('load-server.ts', import.meta.url)), [framework, cache], {
      execArgv,
    })
  }

  async start(): Promise<void> {
    const [{ port }] = (await once(this.child, 'message')) as [{ port: number }]
    this.url = `http://127.0.0.1:${port}/pages/`
  }

  async load(seconds: number): Promise<Load> {
    const requests = Array.from({ length: PAGES }, (_, i) => ({ path: `/pages/${i}` }))
    const load = await autocannon({ url: this.url, connections: CONNECTIONS, duration: seconds, requests })
    if (load.non2xx + load.errors > 0)
      throw new Error(
        `${this.cache} in ${this.framework}: ${load.non2xx} responses failed, ${load.errors} requests`,
      )
    return load
  }

  async bytes(): Promise<number> {
    this.child.send('bytes')
    const [{ bytes }] = (await once(this.child, 'message')) as [{ bytes: number }]
    return bytes
  }

  /** Bytes for each page that is kept. */
  async countHeld(): Promise<void> {
    const before = await this.bytes()
    const ids = Array.from({ length: HELD }, (_, i) => `held-${i}`)
    for (let i = 0; i < HELD; i += 50)
      await Promise.all(ids.slice(i, i + 50).map(async (id) => (await fetch(this.url + id)).arrayBuffer()))
    this.held = ((await this.bytes()) - before) / HELD
  }
}

const servers = subjects.map(([framework, cache]) => new Server(framework, cache))
try {
  for (const server of servers) await server.start()
  for (const server of servers) await server.load(1)
  for (let round = 0; round < ROUNDS; round++)
    for (const server of servers) {
      const { requests, latency } = await server.load(Number(values.seconds))
      server.rates.push(requests.average)
      server.p99s.push(latency.p99)
      console.error(
        `round ${round + 1} of ${ROUNDS}: ${server.cache} in ${server.framework}, ${Math.round(requests.average)} a second`,
      )
    }
  for (const server of servers) await server.countHeld()
} finally {
  for (const { child } of servers) child.kill()
}

const rows = servers.map(({ framework, cache, rates, p99s, held }) => {
  const bare = servers.find((one) => one.framework === framework && one.cache === 'none')!
  const rate = median(rates)
  const bytes = cache === 'none' ? '' : Math.round(held).toLocaleString('en')
  return [
    framework,
    cache,
    Math.round(rate).toLocaleString('en'),
    `${(rate / median(bare.rates)).toFixed(2)} ×`,
    `${median(p99s)} ms`,
    bytes,
  ]
})
const header = ['framework', 'cache', 'requests a second', 'beside none', 'p99', 'bytes for each page held']
const text = `# Responses under load

What \`npm run bench:http\` measured: servers on this machine, ${CONNECTIONS} connections that ask for ${PAGES} pages in turn, of 4 KB of JSON each; a handler
waits 2 ms, as for a database. The load and the servers share the machine, so the rates say little, and their ratios within a framework
more. Medians of ${ROUNDS} rounds in which all take turns. What is held was counted over ${HELD.toLocaleString('en')} pages.

${toMarkdown([header, ...rows])}

${caption(describeEnvironment())}

- \`apicache\` keeps the body as text and ignores \`Vary\`.
- \`@fastify/caching\` stands in front of no handler: here the handler asks it for the object, which is made into JSON again each time.
- \`hono/cache\` stands on the \`caches\` of a worker's host. Node has none; here they are those of \`undici\`, which looks through all that they hold.
`
console.log(`\n${text}`)
writeFileSync(new URL('../../../docs/benchmarks/http.md', import.meta.url), text)
