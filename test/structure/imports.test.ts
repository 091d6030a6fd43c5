import { expect, test } from 'vitest'
import { type Import, importsOf, read, sources } from './sources.ts'

/** Who may import whom, from the table in ARCHITECTURE.md. `types` is for what must be gone when the program runs, `node:` for the modules of Node. */
const allowed = new Map<string, readonly string[]>()
for (const [, part, list = ''] of read('ARCHITECTURE.md').matchAll(
  /^\| `([^`]+)` \| ([^|]*) ?\| [^|]+ \|$/gm,
))
  allowed.set(
    part!,
    list
      .split(',')
      .map((one) => one.replaceAll('`', '').trim())
      .filter((one) => one !== ''),
  )

/** The part that a file, or a module of Node, belongs to. */
function partOf(path: string): string {
  if (path.startsWith('node:')) return 'node:'
  return path.includes('/') ? `${path.split('/')[0]}/` : path
}

function isAllowed({ file, from, isType }: Import): boolean {
  const own = partOf(file)
  const may = allowed.get(own) ?? []
  const part = partOf(from)
  return part === own || may.includes(part) || (isType && may.includes(`${part} types`))
}

const imports = sources.flatMap(importsOf)

test('each part of the source has a line in the table, and each line a part', () => {
  expect([...allowed.keys()].sort()).toEqual([...new Set(sources.map(partOf))].sort())
})

test('imports go in the allowed directions, those of types included', () => {
  const wrong = imports.filter((one) => !isAllowed(one))
  expect(wrong.map(({ file, from, isType }) => `${file} → ${from}${isType ? ' types' : ''}`)).toEqual([])
})

test('what is imported exists', () => {
  const files = new Set(sources)
  const missing = imports.filter(({ from }) => !from.startsWith('node:') && !files.has(from))
  expect(missing).toEqual([])
})

test('no file needs itself to be loaded, by whatever way round', () => {
  const needed = imports.filter(({ isType }) => !isType)
  const done = new Set<string>()
  const visit = (file: string, way: readonly string[]): void => {
    expect(way).not.toContain(file)
    if (done.has(file)) return
    for (const one of needed) if (one.file === file) visit(one.from, [...way, file])
    done.add(file)
  }
  for (const file of sources) visit(file, [])
})
