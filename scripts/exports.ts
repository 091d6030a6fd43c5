// The conditions of each entry in package.json follow from its `default`, the ES module: `npm run exports` writes them, and
// test/structure holds them to it. A new entry needs no more than `{ "default": "./dist/….js" }`.
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

export interface Conditions {
  readonly types: { readonly require: string; readonly default: string }
  readonly bun: string
  readonly module: string
  readonly node: { readonly require: string; readonly import: string }
  readonly require: string
  readonly default: string
}

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly default: string }>>
}

interface Fields {
  readonly main: string
  readonly types: string
  readonly typesVersions: { readonly '*': Readonly<Record<string, readonly string[]>> }
  readonly exports: Readonly<Record<string, Conditions | string>>
}

/**
 * The conditions of the entry whose ES module is `module`, a path in dist/.
 *
 * Bundlers and Bun load an ES module by `require` too, so that is all they need. Node and what behaves like it (Jest, Deno) get the
 * CommonJS form for `require` and a module that passes on its very exports for `import`: one copy, whichever way it is loaded.
 */
export function conditionsOf(module: string): Conditions {
  const types = module.replace(/js$/, 'd.ts')
  const commonjs = module.replace('./dist/', './dist/cjs/')
  return {
    types: { require: types.replace('./dist/', './dist/cjs/'), default: types },
    bun: module,
    module,
    node: { require: commonjs, import: module.replace('./dist/', './dist/node/') },
    require: commonjs,
    default: module,
  }
}

/** What package.json says of the entries: by condition, and for TypeScript's resolution `node10`, which knows none. */
export function fieldsOf({ exports }: Manifest): Fields {
  const entries = Object.entries(exports)
    .filter(([path]) => path !== './package.json')
    .map(([path, { default: module }]) => [path, conditionsOf(module)] as const)
  const [[, main], ...others] = entries as [(typeof entries)[0], ...typeof entries]
  return {
    main: main.require,
    types: main.types.require,
    typesVersions: {
      '*': Object.fromEntries(others.map(([path, { types }]) => [path.replace('./', ''), [types.require]])),
    },
    exports: { ...Object.fromEntries(entries), './package.json': './package.json' },
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const file = new URL('../package.json', import.meta.url)
  const manifest = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, `${JSON.stringify({ ...manifest, ...fieldsOf(manifest) }, null, 2)}\n`)
}
