import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const tsx = createRequire(import.meta.url).resolve('tsx')

// One of its cases waits for an entry to expire.
test("BentoCache's own suite for drivers", { timeout: 60_000 }, async () => {
  const suite = fileURLToPath(new URL('./suite.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', tsx, suite]).catch((end) => end)
  const { aggregates, failedTestsTitles } = JSON.parse(stdout.trim().split('\n').at(-1))
  expect(failedTestsTitles).toEqual([])
  expect(aggregates).toMatchObject({ passed: 42, failed: 0, skipped: 0 })
})
