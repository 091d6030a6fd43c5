import { expect, test } from 'vitest'
import { type Import, importsOf, sources } from './sources.ts'

/**
 * Who may import whom: files of `src/` and its folders. `(types)` is for what must be gone when the program runs, `node:` for the
 * modules of Node. What a part does not list it must not import; nothing imports a package.
 */
const allowed: Record<string, readonly string[]> = {
  'core/': ['core/'],
  'policies/': ['core/', 'policies/'],

  'errors.ts': [],
  'options/': ['options/', 'errors.ts', 'policies/ (types)', 'engine/ (types)'],
  'engine/': ['engine/', 'core/', 'policies/', 'errors.ts', 'options/'],
  'loading/': ['loading/', 'core/', 'engine/', 'errors.ts', 'options/'],
  'named/': ['named/', 'cache.ts', 'engine/', 'errors.ts', 'options/'],
  'cache.ts': ['core/', 'policies/ (types)', 'loading/', 'named/', 'engine/', 'options/', 'errors.ts'],
  'index.ts': [
    ...['cache.ts', 'named/', 'errors.ts', 'loading/'],
    ...['options/ (types)', 'policies/ (types)', 'engine/ (types)'],
  ],

  'adapters/': ['adapters/', 'cache.ts', 'options/', 'errors.ts', 'engine/ (types)'],
  'cli/': ['cli/', 'index.ts', 'node:'],
  'fragment/': ['fragment/', 'cache.ts', 'memoize/', 'options/'],
  'memoize/': ['memoize/', 'cache.ts', 'options/'],
  'scope/': ['scope/', 'cache.ts (types)', 'loading/ (types)', 'options/', 'engine/', 'node:'],
  'testing/': ['testing/', 'options/ (types)', 'engine/ (types)'],
  'trace/': ['trace/', 'cache.ts', 'core/', 'options/', 'node:'],
}

/** The part that a file, or a module of Node, belongs to. */
function partOf(path: string): string {
  if (path.startsWith('node:')) return 'node:'
  return path.includes('/') ? `${path.split('/')[0]}/` : path
}

function isAllowed({ file, from, isType }: Import): boolean {
  const may = allowed[partOf(file)] ?? []
  const part = partOf(from)
  return may.includes(part) || (isType && may.includes(`${part} (types)`))
}

const imports = sources.flatMap(importsOf)

test('each part of the source has a line in the table, and each line a part', () => {
  expect(Object.keys(allowed).sort()).toEqual([...new Set(sources.map(partOf))].sort())
})

test('imports go in the allowed directions, those of types included', () => {
  const wrong = imports.filter((one) => !isAllowed(one))
  expect(wrong.map(({ file, from, isType }) => `${file} → ${from}${isType ? ' (types)' : ''}`)).toEqual([])
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
