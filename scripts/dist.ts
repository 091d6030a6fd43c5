// Completes dist/, which then holds three trees: ES modules with their documentation as comments, dist/cjs/ with the same modules
// for `require` and all declarations, and dist/node/ with what Node gets for `import`.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Conditions } from './exports.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const { exports }: { exports: Record<string, Partial<Conditions>> } = JSON.parse(
  readFileSync(`${root}package.json`, 'utf8'),
)

write('./dist/cjs/package.json', '{ "type": "commonjs" }\n')
// Nobody imports the command.
rmSync(`${root}dist/cjs/cli`, { recursive: true })

for (const { types, node, default: module } of Object.values(exports)) {
  if (types === undefined || node === undefined || module === undefined) continue
  write(types.default, declarationOf(types))
  write(node.import, passingOn(Object.keys(await import(`../${module}`)), node))
}

/**
 * The declaration of an entry as an ES module. Classes are declared once, in dist/cjs/, for two declarations of a class with private
 * members are two types; an ES module may import from there in every version of TypeScript.
 */
function declarationOf({ require: declared, default: file }: Conditions['types']): string {
  const text = readFileSync(root + declared, 'utf8')
  // The default export of a CommonJS module is another thing to an ES module, so what has one is repeated.
  if (!/^export default /m.test(text))
    return `export * from '${between(file, declared).replace(/d\.ts$/, 'js')}'\n`
  if (/^export (default )?(declare )?(abstract )?class /m.test(text))
    throw new Error(`${declared}: a class is declared twice`)
  return text.replaceAll(/(?<= from ')\..*(?=')/g, (path) =>
    between(file, posix.join(posix.dirname(declared), path)),
  )
}

/** A module that exports what the CommonJS form has. Its names are written out, so nothing need guess them. */
function passingOn(
  names: readonly string[],
  { require: commonjs, import: file }: Conditions['node'],
): string {
  const named = names.filter((name) => name !== 'default')
  return [
    `import commonjs from '${between(file, commonjs)}'\n`,
    ...(named.length === 0 ? [] : [`export const { ${named.join(', ')} } = commonjs\n`]),
    ...(named.length === names.length ? [] : ['export default commonjs.default\n']),
  ].join('')
}

function between(from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), to)
  return path.startsWith('.') ? path : `./${path}`
}

function write(file: string, text: string): void {
  mkdirSync(dirname(root + file), { recursive: true })
  writeFileSync(root + file, text)
}
