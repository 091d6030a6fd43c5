import { rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { compile, extract, workshop } from './blocks.ts'
import { root } from './pages.ts'

/**
 * Examples with decorators are fenced as `typescript`. The test runner leaves decorators as they are, so the compiler makes
 * JavaScript of them: of the standard ones, or of those that Nest has.
 */
const emitted = {
  noEmit: false,
  rootDir: root,
  outDir: 'out',
  rewriteRelativeImportExtensions: true,
  erasableSyntaxOnly: false,
}
const legacy = { experimentalDecorators: true, emitDecoratorMetadata: true }

describe.each([
  { page: 'docs/migrate/django.md', compilerOptions: emitted },
  { page: 'docs/nest.md', compilerOptions: { ...emitted, ...legacy } },
])('$page', ({ page, compilerOptions }) => {
  const folder = workshop(root, compilerOptions)
  const blocks = extract(root, page, folder, 'typescript')
  afterAll(() => rmSync(folder, { recursive: true }))

  test('the examples compile', { timeout: 60_000 }, () => {
    expect(blocks.length).toBeGreaterThan(0)
    expect(compile(root, folder)).toBe('')
  })

  test.each(blocks)('the example in line $line does what it says', { timeout: 20_000 }, async ({ file }) => {
    const emittedFile = join(folder, 'out', relative(root, file)).replace(/\.ts$/, '.js')
    await import(emittedFile)
  })
})
