import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run, runTool } from './run.ts'
import { entriesOf, userFolder } from './tarball.ts'

/** A fresh process for each entry: it loads both ways, gives one and the same things, and lets the process end. */
export function checkLoading(folder: string): string {
  const entries = entriesOf(folder)
  for (const { name } of entries) {
    const program = `
      import { createRequire } from 'node:module'
      const required = createRequire(process.cwd() + '/')('${name}')
      const imported = await import('${name}')
      for (const [key, value] of Object.entries(imported))
        if (required[key] !== value) throw new Error('${name}: require and import give two copies of ' + key)
    `
    run(
      process.execPath,
      ['--throw-deprecation', '--input-type=module', '--eval', program],
      userFolder(folder),
    )
  }
  return `${entries.length} on Node ${process.versions.node}`
}

/**
 * A program may hold both forms at once, such as one bundled and one in node_modules: they share named stores, and each knows the
 * other's errors and what the other found out to be absent.
 */
export function checkSharing(folder: string): string {
  const program = `
    import { deepStrictEqual as same, ok } from 'node:assert'
    import { createRequire } from 'node:module'
    const commonjs = createRequire(process.cwd() + '/')('nearcache')
    const esm = await import('./node_modules/nearcache/dist/index.js')
    ok(esm.Cache !== commonjs.Cache)
    const options = { name: 'shared', maxEntries: 10 }
    const [one, other] = [new esm.Cache(options), new commonjs.Cache(options)]
    one.set('k', 1)
    same(other.get('k'), 1)
    for (const [from, to] of [[one, other], [other, one]]) {
      await from.getOrLoad('absent', async () => undefined, { negativeTtl: '1m' })
      same(await to.getOrLoad('absent', async () => { throw new Error('loaded again') }), undefined)
      same(to.get('absent'), undefined)
      from.delete('absent')
    }
    one.close()
    for (const cache of [one, other]) {
      try { cache.get('k'); ok(false) } catch (error) {
        ok(error instanceof esm.CacheError && error instanceof commonjs.CacheError)
        same(error.code, 'CLOSED')
      }
    }
  `
  run(process.execPath, ['--input-type=module', '--eval', program], userFolder(folder))
  return 'stores by name, CacheError, negative results'
}

/** Entries whose declarations speak of the web's `Request`, `Response` or streams, which a user of theirs has from somewhere. */
const ofTheWeb = /^nearcache\/(http|nest|next|dashboard)\b/
/** Entries whose declarations speak of Node's streams, as those of their host do. */
const ofNode = /^nearcache\/undici$/

/** A strict TypeScript user, without types for Node where an entry can do without, compiles the sample program and an import of each entry. */
export function checkTypes(folder: string, resolution: 'node16' | 'nodenext' | 'bundler'): string {
  const user = userFolder(folder)
  const entries = entriesOf(folder)
  const web = entries.filter(({ name }) => ofTheWeb.test(name))
  const node = entries.filter(({ name }) => ofNode.test(name))
  const plain = entries.filter(({ name }) => !ofTheWeb.test(name) && !ofNode.test(name))
  const names = resolution === 'bundler' ? ['sample.ts'] : ['sample.mts', 'sample.cts']
  for (const name of names) copyFileSync(join(root, 'test/package/sample.ts'), join(user, name))
  for (const { entries, lib, types, files } of [
    { entries: plain, lib: ['es2022'], types: [], files: names },
    { entries: web, lib: ['es2022', 'dom'], types: [], files: [] },
    { entries: node, lib: ['es2022'], types: ['node'], files: [] },
  ]) {
    const program = entries.map(({ name }, index) => `export * as entry${index} from '${name}'\n`).join('')
    const importing = names.map((name) => name.replace('sample', 'entries'))
    for (const name of importing) writeFileSync(join(user, name), program)
    const options = {
      module: resolution === 'bundler' ? 'esnext' : resolution,
      moduleResolution: resolution,
      target: 'es2022',
      lib,
      types,
      typeRoots: [join(root, 'node_modules/@types')],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
    }
    writeFileSync(
      join(user, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, files: [...importing, ...files] }),
    )
    runTool('tsc', ['--project', 'tsconfig.json'], user)
  }
  return names.join(', ')
}
