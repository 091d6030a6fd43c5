// Starts workerd through miniflare and asks the worker. Arguments: the module of miniflare, the worker's code.
import { readFileSync } from 'node:fs'
import process from 'node:process'
import type { Findings } from './smoke.ts'

interface Miniflare {
  dispatchFetch(url: string): Promise<{ json(): Promise<unknown> }>
  dispose(): Promise<void>
}

const [miniflare = '', worker = ''] = process.argv.slice(2)
const { Miniflare } = (await import(miniflare)) as {
  Miniflare: new (options: object) => Miniflare
}
const runtime = new Miniflare({
  modules: true,
  script: readFileSync(worker, 'utf8'),
  compatibilityDate: '2026-07-01',
})
try {
  const all: Findings[] = []
  for (const path of ['', 'second', 'third'])
    all.push((await (await runtime.dispatchFetch(`http://worker/${path}`)).json()) as Findings)
  const cases = all.reduce((sum, one) => sum + one.cases, 0)
  console.log(JSON.stringify({ cases, failures: all.flatMap(({ failures }) => failures) }))
} finally {
  await runtime.dispose()
}
