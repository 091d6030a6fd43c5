import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { CacheOptions } from '../../src/index.ts'
import { follow, type Outcome, open, pass, SECOND, Source, useFakeTime } from './support.ts'

/*
 * The table on the page about stale values, made from what the cache really does. Where the page is behind, the test says what
 * it has to be.
 */

useFakeTime()

const page = fileURLToPath(new URL('../../docs/stale-values.md', import.meta.url))

const rows: readonly CacheOptions<string, string | undefined>[] = [
  {},
  { refreshAhead: 0.8 },
  { staleWhileRevalidate: '1m' },
  { staleIfError: '1h' },
  { staleIfError: '1h', errorBackoff: 0 },
  { staleIfError: '1h', softTimeout: 200 },
  { hardTimeout: '5s' },
  { staleIfError: '1h', hardTimeout: '5s' },
  { negativeTtl: '10s' },
  { errorTtl: '10s' },
]

interface Scene {
  readonly cache: ReturnType<typeof open<string | undefined>>['cache']
  readonly source: Source<string | undefined>
}

/** The states that a key can be in, with a ttl of ten seconds. */
const states: Record<string, (scene: Scene) => Promise<unknown> | undefined> = {
  async live({ cache }) {
    cache.set('k', 'value')
    await pass(5 * SECOND)
  },
  async 'past refreshAhead'({ cache }) {
    cache.set('k', 'value')
    await pass(9 * SECOND)
  },
  async stale({ cache }) {
    cache.set('k', 'value')
    await pass(11 * SECOND)
  },
  absent: () => undefined,
  async loading({ cache, source }) {
    void follow(cache.getOrLoad('k', source.load))
  },
  async 'failed lately'({ cache, source }) {
    cache.set('k', 'value')
    await pass(11 * SECOND)
    void follow(cache.getOrLoad('k', source.load))
    await source.fail('error')
    await pass(SECOND)
  },
  async 'not found lately'({ cache, source }) {
    void follow(cache.getOrLoad('k', source.load))
    await source.bring(undefined)
    await pass(SECOND)
  },
}

/** What becomes of a call in a state, after something else has happened too. */
async function call(
  options: CacheOptions<string, string | undefined>,
  state: string,
  happen?: 'fails' | 'hangs',
) {
  const { cache } = open<string | undefined>({ ttl: '10s', onError() {}, ...options })
  const source = new Source<string | undefined>()
  await states[state]!({ cache, source })
  const isLive = cache.has('k')
  const loads = source.calls.length
  const outcome = follow(cache.getOrLoad('k', source.load))
  await pass(0)
  const started = source.calls.length > loads
  if (happen === 'fails') await source.fail('error')
  if (happen === 'hangs') await pass(3600 * SECOND)
  return { outcome, started, isLive }
}

/** In few words, what a caller is given. */
function words({ state, value }: Outcome, isLive: boolean): string {
  if (state === 'waiting') return 'waits'
  if (state === 'failed') return value === 'error' ? 'the error' : '`TIMEOUT`'
  if (value === undefined) return '`undefined`'
  return isLive ? 'the value' : 'the stale value'
}

async function cell(options: CacheOptions<string, string | undefined>, state: string): Promise<string> {
  const { outcome, started, isLive } = await call(options, state)
  if (outcome.state !== 'waiting') return words(outcome, isLive) + (started ? ', refresh' : '')
  const failing = words((await call(options, state, 'fails')).outcome, isLive)
  const hanging = words((await call(options, state, 'hangs')).outcome, isLive)
  const does = started ? 'load' : 'join'
  if (failing === hanging) return `${does}; on error or when slow ${failing}`
  const parts = [does]
  if (failing !== 'the error') parts.push(`on error ${failing}`)
  if (hanging !== 'waits') parts.push(`when slow ${hanging}`)
  return parts.join('; ')
}

const title = (options: object): string => {
  const settings = Object.entries(options).map(([name, value]) =>
    typeof value === 'string' ? `${name}: '${value}'` : `${name}: ${value}`,
  )
  return settings.length === 0 ? 'none of them' : `\`${settings.join(', ')}\``
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

test('the table on the page tells what happens', async () => {
  const names = Object.keys(states)
  const table = [line(['options', ...names]), `|${'---|'.repeat(names.length + 1)}`]
  for (const options of rows) {
    const cells: string[] = []
    for (const state of names) cells.push(await cell(options, state))
    table.push(line([title(options), ...cells]))
  }
  const written = readFileSync(page, 'utf8')
    .split('\n')
    .filter((text) => text.startsWith('|'))
  const start = written.indexOf(table[0]!)
  expect(start, `docs/stale-values.md has a table that begins ${table[0]}`).toBeGreaterThan(-1)
  expect(written.slice(start, start + table.length)).toEqual(table)
})
