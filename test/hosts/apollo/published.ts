import { readFileSync } from 'node:fs'
import { transformSync } from 'esbuild'
import { describe, expect, it, vi } from 'vitest'

/**
 * Runs a test file written for Jest, as it is published in an npm package. `modules` are what it imports, `names` what else it finds in
 * its scope, `renamed` the names of its own that mean others there.
 */
export function runPublished(
  file: string,
  modules: Record<string, unknown>,
  names: Record<string, unknown> = {},
  renamed: Record<string, string> = {},
): void {
  const source = readFileSync(new URL(`../node_modules/${file}`, import.meta.url), 'utf8')
  let { code } = transformSync(source, { loader: 'ts', format: 'cjs' })
  for (const [own, other] of Object.entries(renamed)) code = code.replaceAll(`new ${own}(`, `new ${other}(`)
  const require = (name: string): unknown => {
    if (Object.hasOwn(modules, name)) return modules[name]
    throw new Error(`${file} imports ${name}`)
  }
  const scope: Record<string, unknown> = { describe, expect, it, jest: vi, require, ...names }
  new Function(...Object.keys(scope), code)(...Object.values(scope))
}
