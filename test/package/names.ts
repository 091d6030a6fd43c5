import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run, runTool } from './run.ts'
import { type Entry, entriesOf, userFolder } from './tarball.ts'

interface Names {
  values: string[]
  types: string[]
}

const expectedFile = join(root, 'test/package/names.json')

/** Each entry exports the names listed in names.json, no more and no fewer. */
export function checkNames(folder: string, update: boolean): string {
  const entries = entriesOf(folder)
  const actual = Object.fromEntries(entries.map((entry) => [entry.name, namesOf(folder, entry)]))
  if (update) {
    writeFileSync(expectedFile, JSON.stringify(actual))
    runTool('biome', ['format', '--write', expectedFile], root)
  }
  const expected: Record<string, Names> = JSON.parse(readFileSync(expectedFile, 'utf8'))
  const problems = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].flatMap((name) =>
    (['values', 'types'] as const).flatMap((kind) => difference(name, kind, expected[name], actual[name])),
  )
  if (problems.length > 0) {
    problems.push('If this is meant: npm run check:package -- --update, and tell users in CHANGELOG.md.')
    throw new Error(problems.join('\n'))
  }
  return entries
    .map(({ name }) => `${name} ${actual[name]!.values.length} + ${actual[name]!.types.length} types`)
    .join('\n')
}

function difference(entry: string, kind: keyof Names, expected?: Names, actual?: Names): string[] {
  const listed = expected?.[kind] ?? []
  const found = actual?.[kind] ?? []
  return [
    ...listed
      .filter((name) => !found.includes(name))
      .map((name) => `${entry} no longer exports ${name} (${kind})`),
    ...found.filter((name) => !listed.includes(name)).map((name) => `${entry} now exports ${name} (${kind})`),
  ]
}

function namesOf(folder: string, { name, types }: Entry): Names {
  const program = `console.log(JSON.stringify(Object.keys(await import('${name}'))))`
  const values: string[] = JSON.parse(
    run(process.execPath, ['--input-type=module', '--eval', program], userFolder(folder)),
  )
  const declared = declaredNames(readFileSync(join(folder, 'package', types), 'utf8'))
  return {
    values: values.sort(),
    types: declared.filter((declaredName) => !values.includes(declaredName)).sort(),
  }
}

/** The names a declaration file exports, read from the few forms in which the compiler writes them. */
function declaredNames(source: string): string[] {
  return [...source.matchAll(/^export (.*?[{;])/gms)].flatMap(({ index, 1: statement = '' }) => {
    const list = /^export (?:type )?\{(.*?)\}/s.exec(source.slice(index))
    if (list !== null) return listedNames(list[1]!)
    if (statement.startsWith('default ')) return ['default']
    const declaration = /^(?:declare )?(?:abstract )?(?:class|function|const|interface|type) (\w+)/.exec(
      statement,
    )
    if (declaration !== null) return [declaration[1]!]
    throw new Error(`cannot tell the names in: export ${statement}`)
  })
}

/** `A, type B, C as D` exports A, B and D. */
function listedNames(list: string): string[] {
  return list
    .split(',')
    .map((item) => item.trim().split(' ').at(-1)!)
    .filter((name) => name !== '')
}
