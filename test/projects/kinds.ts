import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { entriesIn, root } from '../package/run.ts'
import { applications } from './applications.ts'
import { node } from './node.ts'

/** A kind of project, made anew from this and from the packed package by plain `npm install`. */
export interface Kind {
  /** What `--only` calls it. */
  readonly name: string
  /** What the project installs beside nearcache. */
  readonly packages: Readonly<Record<string, string>>
  /** How it takes nearcache, for the table. */
  readonly ways: string
  readonly type?: 'module' | 'commonjs'
  readonly files: Readonly<Record<string, string>>
  /** What is run in it, one after the other; the first word is a command of an installed package, or `node`. */
  readonly commands: readonly string[]
  /** Whether `.ci/run` tries it. */
  readonly inCi?: boolean
}

const names: readonly string[] = entriesIn(readFileSync(join(root, 'package.json'), 'utf8'))

/** Ends with an error unless `nearcache` works and what `import` and `require` give is the same. */
const uses = `
  const cache = new Cache({ maxEntries: 10 })
  cache.set('k', 1)
  const double = memoize((n) => 2 * n)
  if (cache.get('k') !== 1 || double(2) !== 4) throw new Error('nearcache does not work')
`
const imports = `import { Cache } from 'nearcache'\nimport { memoize } from 'nearcache/memoize'\n`
const requires = `const { Cache } = require('nearcache')\nconst { memoize } = require('nearcache/memoize')\n`

const everyEntry = `
import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
for (const name of ${JSON.stringify(names)}) {
  const required = require(name)
  for (const [key, value] of Object.entries(await import(name)))
    if (required[key] !== value) throw new Error(name + ': import and require give two copies of ' + key)
}
`

/** Those among the old majors that need neither a database nor a server. */
const behindOldHosts = `
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { ApolloServer } from '@apollo/server'
import Keyv from 'keyv'
import { keyValueCache } from 'nearcache/apollo'
import { keyvOptions } from 'nearcache/keyv'

const keyv = new Keyv({ ...keyvOptions(), serialize: (value) => value, deserialize: (value) => value })
const value = { at: new Date() }
await keyv.set('key', value, 1000)
assert.strictEqual(await keyv.get('key'), value)

const server = new ApolloServer({
  typeDefs: 'type Query { one: Int }',
  resolvers: { Query: { one: () => 1 } },
  cache: keyValueCache({ maxEntries: 10 }),
})
const sha256Hash = createHash('sha256').update('{ one }').digest('hex')
for (const query of ['{ one }', undefined]) {
  const { body } = await server.executeOperation({ query, extensions: { persistedQuery: { version: 1, sha256Hash } } })
  assert.strictEqual(body.singleResult.data?.one, 1)
}
`

const jestTest = `${requires}test('nearcache', async () => {${uses}
  expect(await cache.getOrLoad('l', async () => 2)).toBe(2)
})\n`

function jest(version: string): Kind {
  return {
    name: `Jest ${version.split('.')[0]}`,
    packages: { jest: version },
    ways: '`require`, default mode',
    files: { 'a.test.js': jestTest },
    commands: ['jest'],
    inCi: version.startsWith('30.'),
  }
}

const sample = readFileSync(join(root, 'test/package/sample.ts'), 'utf8')
/** All entries but one whose declarations speak of Node's streams, as those of its host do: projects here have no types of Node. */
const everyType = names
  .filter((name) => name !== 'nearcache/undici')
  .map((name, i) => `export * as entry${i} from '${name}'\n`)
  .join('')
/** A cache made in a CommonJS file is one to an ES module. */
const mixed = `import { Cache } from 'nearcache'\nimport { users } from './sample.cjs'\nexport const same: typeof users = users\nexport const cache: Cache<number, { id: number; name: string }> = users\n`

/** A strict project in one way of resolution, with the declarations of nearcache checked and not. */
function config(module: string, resolution: string, include: string[], more = {}): Record<string, string> {
  return Object.fromEntries(
    [true, false].map((skipLibCheck) => [
      `${resolution}-${skipLibCheck}.json`,
      JSON.stringify({
        compilerOptions: {
          module,
          moduleResolution: resolution,
          target: 'es2022',
          lib: ['es2022', 'dom'],
          types: [],
          strict: true,
          esModuleInterop: true,
          exactOptionalPropertyTypes: true,
          noEmit: true,
          skipLibCheck,
          ...more,
        },
        include,
      }),
    ]),
  )
}

function typescript(version: string): Kind {
  const major = Number(version.split('.')[0])
  const exported = sample.replace('const users =', 'export const users =')
  const files = {
    'sample.mts': sample,
    'sample.cts': exported,
    'mixed.mts': mixed,
    'entries.mts': everyType,
    'entries.cts': everyType,
    'plain/sample.ts': sample,
    'plain/entries.ts': everyType,
    ...config('node16', 'node16', ['*.mts', '*.cts']),
    ...config('nodenext', 'nodenext', ['*.mts', '*.cts']),
    ...config('esnext', 'bundler', ['plain']),
    // TypeScript 6 warns of node10, and 7 has it no more.
    ...(major < 7
      ? config('commonjs', 'node10', ['plain'], major === 6 ? { ignoreDeprecations: '6.0' } : {})
      : {}),
  }
  const configs = Object.keys(files).filter((file) => file.endsWith('.json'))
  return {
    name: `TypeScript ${version
      .split('.')
      .slice(0, major < 6 ? 2 : 1)
      .join('.')}`,
    packages: { typescript: version },
    ways: `${major < 7 ? '`node10`, ' : ''}\`node16\` and \`nodenext\` (ES modules and CommonJS), \`bundler\``,
    files,
    commands: configs.map((file) => `tsc --project ${file}`),
    inCi: version.startsWith('5.2.'),
  }
}

function bundler(name: string, packages: Record<string, string>, command: string, more = {}): Kind {
  return {
    name,
    packages,
    ways: '`import`',
    type: 'module',
    files: { 'main.js': `${imports}${uses}`, ...more },
    commands: [command, 'node dist/main.js'],
    inCi: name === 'Rollup',
  }
}

export const kinds: readonly Kind[] = [
  jest('29.7.0'),
  jest('30.5.2'),
  {
    name: 'ts-jest',
    packages: { jest: '29.7.0', 'ts-jest': '29.4.5', typescript: '5.9.3', '@types/jest': '29.5.14' },
    ways: '`import` compiled to CommonJS',
    files: {
      'a.test.ts': `${imports}test('nearcache', () => {${uses.replace('(n)', '(n: number)')}})\n`,
      'jest.config.js': `module.exports = { preset: 'ts-jest' }\n`,
      'tsconfig.json': `{ "compilerOptions": { "module": "commonjs", "target": "es2022", "strict": true, "esModuleInterop": true, "types": ["jest"] } }`,
    },
    commands: ['jest'],
  },
  {
    name: 'Vitest',
    packages: { vitest: '4.1.12' },
    ways: '`import`',
    type: 'module',
    files: { 'a.test.js': `import { test } from 'vitest'\n${imports}test('nearcache', () => {${uses}})\n` },
    commands: ['vitest run'],
  },
  ...['5.2.2', '5.4.5', '5.9.3', '6.0.3', '7.0.2'].map(typescript),
  bundler(
    'webpack',
    { webpack: '5', 'webpack-cli': '6' },
    'webpack --mode production --target node --entry ./main.js',
  ),
  bundler('Rspack', { '@rspack/core': '1', '@rspack/cli': '1' }, 'rspack build', {
    'rspack.config.js': `export default { mode: 'production', target: 'node', entry: './main.js', output: { module: false } }\n`,
    'dist/package.json': '{ "type": "commonjs" }',
  }),
  bundler('Vite', { vite: '7' }, 'vite build', {
    'vite.config.js': `export default { ssr: { noExternal: true }, build: { ssr: 'main.js', rollupOptions: { output: { entryFileNames: 'main.js' } } } }\n`,
  }),
  bundler('esbuild', { esbuild: '0.28.2' }, 'esbuild main.js --bundle --format=esm --outdir=dist'),
  bundler(
    'Rollup',
    { rollup: '4.67.4', '@rollup/plugin-node-resolve': '16' },
    'rollup main.js --plugin node-resolve --format es --dir dist',
  ),
  {
    name: 'esbuild, both forms',
    packages: { esbuild: '0.28.2' },
    ways: '`import` and `require` in one bundle',
    files: {
      'main.js': `${imports}${uses}if (require('nearcache').Cache !== Cache) throw new Error('two copies')\n`,
    },
    commands: ['esbuild main.js --bundle --platform=node --outdir=dist', 'node dist/main.js'],
  },
  ...['20.19.0', '22.0.0', '22.12.0', '24.21.0', '26.10.0'].map((version) => ({
    name: `Node ${version.split('.').slice(0, 2).join('.')}`,
    packages: node(version),
    ways: '`import` and `require` of each entry, one copy',
    type: 'module' as const,
    files: { 'main.js': everyEntry, 'main.cjs': `${requires}${uses}` },
    commands: ['node main.js', 'node main.cjs'],
  })),
  {
    name: 'beside old hosts',
    packages: {
      '@apollo/server': '4.12.2',
      '@mikro-orm/core': '6.4.16',
      'drizzle-orm': '0.44.7',
      graphql: '16.15.0',
      keyv: '4.5.4',
    },
    ways: 'plain `npm install`, the core, behind Apollo Server and Keyv',
    type: 'module',
    files: { 'main.js': `${imports}${uses}`, 'hosts.js': behindOldHosts },
    commands: ['node main.js', 'node hosts.js'],
  },
  {
    name: 'beside drizzle-orm 1.0 beta',
    packages: { 'drizzle-orm': '1.0.0-beta.21' },
    ways: 'plain `npm install`, the core',
    files: { 'main.js': `${requires}${uses}` },
    commands: ['node main.js'],
  },
  ...applications,
]
