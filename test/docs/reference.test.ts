import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from './pages.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, unknown> }
const sections = new Map(
  read('docs/reference.md')
    .split(/^## /m)
    .map((text) => [text.slice(0, text.indexOf('\n')), text]),
)

/** The entries besides the main one, with the source file of each and the section of the reference that is about it. */
const entries = Object.keys(exports)
  .filter((path) => path !== '.' && path !== './package.json')
  .map((path) => {
    const name = path.slice(2)
    const file = ['', 'adapters/', 'http/', 'observe/', 'tiers/']
      .flatMap((folder) => [`src/${folder}${name}.ts`, `src/${folder}${name}/index.ts`])
      .find((one) => existsSync(join(root, one)))!
    return {
      entry: `nearcache/${name}`,
      file,
      section: sections.get(`nearcache/${name.split('/')[0]}`) ?? '',
    }
  })

describe.each(entries)('the reference of $entry', ({ entry, file, section }) => {
  const names = exportsOf(file)

  test('names the entry and everything that it exports', () => {
    expect(names.size, file).toBeGreaterThan(0)
    expect(section).toContain(entry)
    const code = [...section.matchAll(/`[^`]+`/g)].join(' ')
    expect([...names.keys()].filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([])
  })

  test('has a row for each option', () => {
    const options = [...names].filter(([name]) => name.endsWith('Options')).flatMap(optionsOf)
    expect(options.filter((option) => !section.includes(`| \`${option}\` |`))).toEqual([])
  })
})

/** The names that a file exports, each with the file that declares it. */
function exportsOf(file: string): Map<string, string> {
  const text = read(file)
  const found = new Map<string, string>()
  for (const [, name] of text.matchAll(
    /^export (?:default )?(?:async )?(?:function|class|interface|type|const) (\w+)/gm,
  ))
    found.set(name!, file)
  for (const [, list, from] of text.matchAll(/^export (?:type )?{([^}]*)}(?: from '([^']+)')?/gm))
    for (const one of list!.split(',').filter((part) => part.trim() !== ''))
      found.set(one.trim().replace(/^type /, ''), from === undefined ? file : join(dirname(file), from))
  return found
}

/** The options that an interface declares itself. */
function optionsOf([name, file]: readonly [name: string, file: string]): string[] {
  const declaration =
    new RegExp(`(?:interface|type) ${name}\\b[^{]*{(.*?)\\n}`, 's').exec(read(file))?.[1] ?? ''
  return [...declaration.matchAll(/^ {2}readonly (\w+)\?:/gm)].map((match) => match[1]!)
}
