/**
 * What a tiered cache costs: beside the client's own commands and a bare `Cache`, and beside other caches with Redis behind them, all over
 * one private Redis on this machine. `npm run bench:tiers` writes docs/benchmarks/tiers.md; with `-- --quick` it prints a short run.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { startServer } from '../../test/tiers/support/server.ts'
import { installPeers, versionOf } from '../install.ts'
import { describeEnvironment } from '../report.ts'
import { beside } from './beside.ts'
import { costs } from './costs.ts'
import { type TiersReport, tiersPage, writeTiersPage } from './page.ts'
import { ways } from './ways.ts'

const { quick } = parseArgs({ options: { quick: { type: 'boolean', default: false } } }).values
installPeers()
const server = await startServer()
const redis = /redis_version:(\S+)/.exec(String(await server.socket.command(['INFO', 'server'])))![1]!
const effort = quick
  ? { rounds: 6, deliveries: 20, staleTime: 1000 }
  : { rounds: 40, deliveries: 300, staleTime: 6000 }
const results = await beside(server, effort)
await server.socket.command(['FLUSHALL'])
const report: TiersReport = {
  environment: describeEnvironment(),
  redis,
  ways: results.map((result, i) => {
    const { package: name, tells } = ways[i]!
    return { ...result, tells, version: name === undefined ? undefined : versionOf(name) }
  }),
  costs: await costs(server, quick ? 8 : 30),
}
await server.kill()
if (quick) console.log(tiersPage(report))
else {
  const folder = new URL('../../docs/benchmarks/', import.meta.url)
  const rounded = (_: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value
  writeFileSync(new URL('tiers.json', folder), `${JSON.stringify(report, rounded, 1)}\n`)
  console.log(writeTiersPage(folder))
}
process.exit(0)
