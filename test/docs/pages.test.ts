import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as nearcache from 'nearcache'
import { expect, test } from 'vitest'
import { pages, root } from './pages.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const lines = (path: string): number => read(path).trimEnd().split('\n').length

test('the README and the map fit in one reading', () => {
  expect(lines('README.md')).toBeLessThanOrEqual(150)
  expect(lines('ARCHITECTURE.md')).toBeLessThanOrEqual(160)
})

test.each(pages)('the links of %s lead somewhere', (page) => {
  const broken = linksOf(page).filter((link) => !leadsSomewhere(page, link))
  expect(broken).toEqual([])
})

test('the index lists every page', () => {
  const listed = linksOf('docs/README.md').map((link) => join('docs', link))
  const own = pages.filter(
    (page) => page.startsWith('docs/') && !/(^docs|benchmarks)\/README\.md$/.test(page),
  )
  expect(own.filter((page) => !listed.includes(page))).toEqual([])
})

test('the index of the examples lists each, and each says how it is run', () => {
  const examples = readdirSync(join(root, 'examples'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
  expect(examples.length).toBeGreaterThan(3)
  const listed = linksOf('examples/README.md')
  expect(examples.filter((name) => !listed.includes(`${name}/README.md`))).toEqual([])
  for (const name of examples)
    expect(read(`examples/${name}/README.md`)).toMatch(/^```sh\nnpm .*(start|demo)(:\w+)?$/m)
})

const options = readFileSync(join(root, 'src/options/options.ts'), 'utf8')

const kinds = ['CacheOptions', 'LoadSettings', 'SetOptions', 'LoadOptions', 'CounterOptions']

test.each(kinds)('the reference has all %s, with defaults', (name) => {
  const declaration = new RegExp(`interface ${name}\\b[^{]*{(.*?)\n}`, 's').exec(options)![1]!
  const names = [...declaration.matchAll(/^ {2}readonly (\w+)\?:/gm)].map((match) => match[1]!)
  expect(names.length).toBeGreaterThan(1)
  const section = read('docs/reference.md')
    .split(/^## /m)
    .find((text) => text.startsWith(`${name}\n`))!
  const rows = new Map(
    section
      .split('\n')
      .map((row) => row.split(' | '))
      .map((cells) => [cells[0], cells]),
  )
  for (const option of names) {
    const [, unit, initial, meaning] = rows.get(`| \`${option}\``) ?? []
    expect({ option, unit, initial, meaning }).toEqual({
      option,
      unit: expect.stringMatching(/\S/),
      initial: expect.stringMatching(/\S/),
      meaning: expect.stringMatching(/\S/),
    })
  }
})

test('the reference has every method and every name that the package exports', () => {
  const inside = [...read('src/cache.ts').matchAll(/ protected override (\w+)/g)].map(
    (match) => `\`${match[1]}`,
  )
  const methods = Reflect.ownKeys(nearcache.Cache.prototype)
    .map((key) => (typeof key === 'symbol' ? `[${nameOf(key)}]` : `\`${key}`))
    .filter((name) => name !== '`constructor' && !inside.includes(name))
  const names = [...read('src/index.ts').matchAll(/[{,] (?:type )?(\w+)/g)].map((match) => `\`${match[1]}`)
  const reference = read('docs/reference.md')
  expect([...methods, ...names].filter((name) => !reference.includes(name))).toEqual([])
})

/** A well-known symbol as it is written; Node describes `Symbol.dispose` in its own way. */
function nameOf(symbol: symbol): string {
  return symbol === Symbol.dispose ? 'Symbol.dispose' : symbol.description!
}

/** Targets of a page's relative links and pictures. */
function linksOf(page: string): string[] {
  const prose = read(page).replace(/^```.*?^```$/gms, '')
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)].map(
    (match) => match[1] ?? match[2]!,
  )
  return links.filter((link) => !/^[a-z]+:/.test(link))
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path, anchor] = link.split('#') as [string, string?]
  const target = path === '' ? page : join(dirname(page), path)
  if (!existsSync(join(root, target))) return false
  return anchor === undefined || anchorsOf(target).includes(anchor)
}

/** The anchors GitHub gives to a page's headings. */
function anchorsOf(page: string): string[] {
  const headings = [...read(page).matchAll(/^#+ (.+)$/gm)].map((match) => match[1]!.toLowerCase())
  return headings.map((text) => text.replace(/[^\p{L}\p{N}\- _]/gu, '').replaceAll(' ', '-'))
}

const hosts: Record<string, string> = {
  ...JSON.parse(read('test/hosts/package.json')).devDependencies,
  ...JSON.parse(read('test/hosts/next/package.json')).dependencies,
  ...JSON.parse(read('test/hosts/prisma/package.json')).dependencies,
}

/** Versions that are tested, by the host's name: a package may stand there under several. */
const tested = Object.entries(hosts).map(([name, version]) => {
  const [, alias, its] = /^npm:(.+)@(.+)$/.exec(version) ?? []
  return `\`${alias ?? name}\` ${its ?? version}`
})

test.each(pages.filter((page) => page.startsWith('docs/adapters/')))(
  '%s names versions that are tested',
  (page) => {
    const line = /^Tested with (.+?)\. The host/m.exec(read(page))?.[1]
    expect(line, 'a line "Tested with …"').toBeDefined()
    expect(line!.split(', ').filter((one) => !tested.includes(one))).toEqual([])
  },
)
