import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('the middleware and the tag fit the types of the frameworks', { timeout: 60_000 }, () => {
  expect(compile()).toBe('')
})

/** What the compiler objects to in this folder. */
function compile(): string {
  const tsc = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url))
  try {
    const folder = fileURLToPath(new URL('.', import.meta.url))
    return execFileSync(tsc, ['-p', folder], { encoding: 'utf8', shell: process.platform === 'win32' })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}
