import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect } from 'vitest'

/** A block of code in a page, written out as a module of its own. */
export interface Block {
  readonly page: string
  /** The line of the page that opens the block. */
  readonly line: number
  readonly file: string
}

const NEARCACHE = ['Cache', 'CacheError', 'cacheOptions', 'createCaches', 'type Removal']

/**
 * Writes each block of a page in a language as a module. It has the page's lines, blank where they are not of the block or of the page's
 * prelude (a comment `<!-- prelude … -->`), so that a line number in a message is that of the page.
 *
 * In a block, `expression // => value` is checked, and so is `expression // throws Name: message`, on one line each.
 */
export function extract(root: string, page: string, into: string, language = 'ts'): Block[] {
  const lines = readFileSync(join(root, page), 'utf8').split('\n')
  const prelude = new Set(between(lines, /^<!-- prelude$/, /^-->$/).flat())
  return between(lines, new RegExp(`^\`\`\`${language}$`), /^```$/).map((numbers) => {
    const block = new Set(numbers)
    const line = numbers[0]! // counted from 1: that of the fence
    const code = lines.map((text, i) => (prelude.has(i) ? text : block.has(i) ? checked(text, i + 1) : ''))
    const imports = numbers.map((i) => lines[i]!).filter((text) => text.startsWith('import '))
    const own = imports.some((text) => text.endsWith(`from 'nearcache'`))
    const others = NEARCACHE.filter((name) => !own && !imports.some((text) => text.includes(` ${name},`)))
    code[0] = `import { check, throws } from '${relative(into, import.meta.filename)}'; import { ${others.join()} } from 'nearcache'`
    const file = join(into, `${page.replaceAll('/', '-')}-${line}.ts`)
    writeFileSync(file, `${code.join('\n')}\nexport {}\n`)
    return { page, line, file }
  })
}

/**
 * A new folder for the modules inside the repository, with what the compiler is to be told of them, and the hosts that some
 * of them import.
 */
export function workshop(root: string, compilerOptions: object = {}): string {
  mkdirSync(join(root, '.cache'), { recursive: true })
  const folder = mkdtempSync(join(root, '.cache', 'docs-'))
  const project = { extends: '../../tsconfig.all.json', compilerOptions, include: ['.'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project))
  symlinkSync(join(root, 'test/hosts/node_modules'), join(folder, 'node_modules'), 'junction')
  return folder
}

/** What the compiler objects to in a workshop. */
export function compile(root: string, folder: string): string {
  try {
    execFileSync(`${root}node_modules/.bin/tsc`, ['-p', folder], { encoding: 'utf8' })
    return ''
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

export function check(actual: unknown, expected: unknown, where: string): void {
  expect(actual, where).toStrictEqual(expected)
}

/** Runs what is to throw an error that reads `expected`, or begins so if that ends in `…`. */
export async function throws(run: () => unknown, expected: string, where: string): Promise<void> {
  const { name, code, message } = await Promise.resolve()
    .then(run)
    .then(
      () => ({ name: 'nothing', code: undefined, message: 'was thrown' }),
      (error) => error,
    )
  const text = code === undefined ? `${name}: ${message}` : `${name} ${code}: ${message}`
  if (expected.endsWith('…')) expect(text.slice(0, expected.length - 1), where).toBe(expected.slice(0, -1))
  else expect(text, where).toBe(expected)
}

const VALUE = /^(\s*)((?:const|let) (\w+)[^=]* = )?(.+?) \/\/ => (.+)$/
const ERROR = /^(\s*)(.+?) \/\/ throws (.+)$/

/** A line with its remark made into a check, on one line still. */
function checked(text: string, line: number): string {
  const where = JSON.stringify(`line ${line}`)
  const error = ERROR.exec(text)
  if (error !== null)
    return `${error[1]}await throws(async () => (${error[2]}), ${JSON.stringify(error[3])}, ${where})`
  const value = VALUE.exec(text)
  if (value === null) return text
  const [, indent, declaration, name, expression, expected] = value
  if (declaration === undefined) return `${indent}check(${expression}, ${expected}, ${where})`
  return `${indent}${declaration}${expression}; check(${name}, ${expected}, ${where})`
}

/** The indices of the lines between each line that matches `open` and the next that matches `close`. */
function between(lines: readonly string[], open: RegExp, close: RegExp): number[][] {
  const found: number[][] = []
  let inside: number[] | undefined
  for (const [i, line] of lines.entries()) {
    if (inside === undefined) {
      if (open.test(line)) inside = []
    } else if (close.test(line)) {
      found.push(inside)
      inside = undefined
    } else inside.push(i)
  }
  if (inside !== undefined) throw new Error(`a block is not closed: ${lines[inside[0]! - 1]}`)
  return found
}
