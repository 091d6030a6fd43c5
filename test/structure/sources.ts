import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))

/** One import or re-export of a source file. */
export interface Import {
  /** The importing file, from `src/` on. */
  readonly file: string
  /** What is imported: a file from `src/` on, or a package. */
  readonly from: string
  /** Only types are, so nothing is left of it when the program runs. */
  readonly isType: boolean
}

/** All files under a folder, from that folder on. */
export function filesUnder(folder: string): string[] {
  const found = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  return found
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts'))
    .sort()
}

export const sources: readonly string[] = filesUnder('src')

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** A file without its comments, and without what is in quotes unless asked for. */
export function code(file: string, quoted = false): string {
  const token = /\/\*[\s\S]*?\*\/|\/\/.*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g
  return read(`src/${file}`).replace(token, (found) => {
    if (found.startsWith('/')) return ''
    return quoted || found.startsWith('`') ? found : "''"
  })
}

/** The imports of a file, those of types and those on demand included. */
export function importsOf(file: string): Import[] {
  const text = code(file, true)
  const statement = /^(?:import|export)\b([^'"]*?)\bfrom\s*['"]([^'"]+)['"]/gm
  const bare = /^import\s*['"]([^'"]+)['"]|\b(?:import|require)\(\s*['"]([^'"]+)['"]/gm
  const found: Import[] = []
  for (const [, names = '', from = ''] of text.matchAll(statement))
    found.push({ file, from: resolve(file, from), isType: isOnlyTypes(names) })
  for (const [, one, other] of text.matchAll(bare))
    found.push({ file, from: resolve(file, (one ?? other)!), isType: false })
  return found
}

function isOnlyTypes(names: string): boolean {
  if (/^\s*type\b/.test(names)) return true
  const list = /^\s*\{([\s\S]*)\}\s*$/.exec(names)?.[1]
  const items = list?.split(',').filter((item) => item.trim() !== '') ?? []
  return items.length > 0 && items.every((item) => /^\s*type\s/.test(item))
}

function resolve(file: string, from: string): string {
  return from.startsWith('.') ? join(file, '..', from).replaceAll('\\', '/') : from
}
