// The program for runtimes with processes, files and a package folder. Arguments: the names of all entries.
import { rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { Cache } from 'nearcache'
import { fragment } from 'nearcache/fragment'
import { memoize } from 'nearcache/memoize'
import { scoped, withScope } from 'nearcache/scope'
import { recordTrace } from 'nearcache/trace'
import { after, smoke } from './smoke.ts'

/** A use of each part that needs something of the runtime. */
const uses: Record<string, () => Promise<unknown>> = {
  async memoize() {
    let calls = 0
    const twice = memoize(async (n: number) => {
      calls++
      return 2 * n
    })
    return `${await twice(2)} ${await twice(2)} ${calls}` === '4 4 1'
  },
  async scope() {
    const cache = scoped<string, number>()
    const run = (value: number) =>
      withScope(async () => {
        cache.set('k', value)
        await after(5)
        return cache.get('k') === value
      })
    const all = await Promise.all([run(1), run(2)])
    return all[0] && all[1] && cache.get('k') === undefined
  },
  async fragment() {
    return (await fragment('name', { varyOn: [1] }, async () => 'text')) === 'text'
  },
  async trace() {
    const path = join(tmpdir(), `nearcache-trace-${process.pid}`)
    const cache = new Cache()
    const recording = recordTrace(cache, path)
    cache.get('k')
    const { recorded } = await recording.stop()
    await rm(path)
    return recorded === 1
  },
}

const { cases, failures } = await smoke()
const entries = process.argv.slice(2)
const require = createRequire(import.meta.url)
for (const name of entries) {
  try {
    const imported: object = await import(name)
    const required: Record<string, unknown> = require(name)
    for (const [key, value] of Object.entries(imported)) {
      if (required[key] !== value) failures.push(`${name}: import and require give two copies of ${key}`)
    }
  } catch (error) {
    failures.push(`${name} cannot be loaded: ${error}`)
  }
}
for (const [name, use] of Object.entries(uses)) {
  const result = await use().catch((error: unknown) => error)
  if (result !== true) failures.push(`nearcache/${name} does not work: ${result}`)
}
// Caches are still open: the process ends by itself all the same.
console.log(JSON.stringify({ cases, failures }))
