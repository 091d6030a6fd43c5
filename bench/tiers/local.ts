import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { TestServer } from '../../test/tiers/support/server.ts'
import type { Cost } from './cost.ts'

const script = fileURLToPath(new URL('local-process.ts', import.meta.url))

/** What a local hit of a tiered cache costs beside that of a `Cache`: of each kind the middle one of so many processes, by the ratio. */
export function localCosts({ port }: TestServer, rounds: number, processes: number): Cost[] {
  return ['get', 'second', 'await'].map((kind) => {
    const rows = Array.from({ length: processes }, () => {
      const args = ['--import', 'tsx', script, String(port), kind, String(rounds)]
      return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Cost
    })
    return rows.sort((a, b) => a.ratio! - b.ratio!)[processes >> 1]!
  })
}
