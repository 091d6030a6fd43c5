// The conditions of each entry in package.json follow from its `default`, the ES module: `npm run exports` writes them, and
// test/structure holds them to it. A new entry needs no more than `{ "default": "./dist/….js" }`.
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/**
 * The conditions of the entry whose ES module is `module`, a path in dist/.
 *
 * Bundlers, and runtimes that load either form from an ES module, take that. Node and what resembles it, Jest above all, take the
 * CommonJS form for `require` and a module that passes on its very exports for `import`: one copy, whichever way it is loaded.
 */
export function conditionsOf(module) {
  const types = module.replace(/js$/, 'd.ts')
  const commonjs = module.replace('./dist/', './dist/cjs/')
  return {
    types: { require: types.replace('./dist/', './dist/cjs/'), default: types },
    bun: module,
    deno: module,
    module,
    node: { require: commonjs, import: module.replace('./dist/', './dist/node/') },
    require: commonjs,
    default: module,
  }
}

/** What package.json says of the entries: by condition, and for TypeScript's resolution `node10`, which knows none. */
export function fieldsOf(manifest) {
  const entries = Object.entries(manifest.exports).filter(([path]) => path !== './package.json')
  const exports = Object.fromEntries(entries.map(([path, { default: module }]) => [path, conditionsOf(module)]))
  const main = exports['.']
  const typesOf = entries
    .filter(([path]) => path !== '.')
    .map(([path]) => [path.replace('./', ''), [exports[path].types.require]])
  return {
    main: main.require,
    types: main.types.require,
    typesVersions: { '*': Object.fromEntries(typesOf) },
    exports: { ...exports, './package.json': './package.json' },
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const file = new URL('../package.json', import.meta.url)
  const manifest = JSON.parse(readFileSync(file, 'utf8'))
  const { exports, ...old } = fieldsOf(manifest)
  const fields = Object.entries({ ...manifest, exports }).flatMap(([name, value]) => {
    if (name in old) return []
    return name === 'exports' ? [...Object.entries(old), [name, value]] : [[name, value]]
  })
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(fields), null, 2)}\n`)
}
