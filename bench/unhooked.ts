import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Cache } from '../src/cache.ts'

/**
 * What operations ask of reads, writes and loads, in the built package, and what is left where there is none of it: whether somebody watches
 * keys or insertions, whether reads are told, whether loads are traced. The counters are not among them: they are what `stats()` is for.
 */
const hooks: readonly (readonly [file: string, hook: RegExp, instead: string])[] = [
  ['core/slots.js', / \|\| areReadsTold\b/, ''],
  ['core/slots.js', / \|\| watched !== undefined/, ''],
  ['engine/bounds.js', /this\.insertionsLeft--;/, ''],
  ['engine/bounds.js', /if \(this\.insertionsLeft <= 0\)\s*this\.tellInsertions\(\);/, ''],
  [
    'engine/lifetimes.js',
    /if \(this\.slots\.watched\?\.\[slot\] === 1\)\s*this\.watcher\.touched\(.*\);/,
    '',
  ],
  ['engine/lifetimes.js', /this\.watcher\?\.\w+\(.*\);/g, ''],
  ['engine/store.js', /if \(slots\.watched\?\.\[slot\] === 1\)\s*this\.watcher\.hit\(slot\);/, ''],
  ['engine/store.js', /if \(this\.watcher !== undefined\)\s*this\.watch\(.*\);/g, ''],
  ['engine/store.js', /this\.watcher\?\.(?:missed|deleted|cleared)\(.*\);/g, ''],
  ['engine/channels.js', /if \(!isTraced\(\)\)\s*return undefined;/, 'return undefined;'],
]

/** The class of the built package without them, from a copy in `.cache/`. Throws where one of them is not there any more. */
export async function unhooked(): Promise<typeof Cache> {
  const at = (path: string): URL => new URL(`../${path}`, import.meta.url)
  const copy = at('.cache/unhooked/')
  rmSync(copy, { recursive: true, force: true })
  cpSync(at('dist/'), copy, { recursive: true, filter: (file) => !/[\\/]cjs([\\/]|$)/.test(file) })
  writeFileSync(new URL('package.json', copy), '{ "type": "module" }')
  for (const [file, hook, instead] of hooks) {
    const path = fileURLToPath(new URL(file, copy))
    const text = readFileSync(path, 'utf8')
    const without = text.replace(hook, instead)
    if (without === text) throw new Error(`${file}: expected ${hook}, which is not there any more`)
    writeFileSync(path, without)
  }
  return (await import(new URL('index.js', copy).href)).Cache
}
