import { rmSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { type Block, compile, extract, workshop } from './blocks.ts'
import { pages, root } from './pages.ts'

const folder = workshop(root)
const blocks = pages.flatMap((page) => extract(root, page, folder))

afterAll(() => rmSync(folder, { recursive: true }))

test('every example compiles', { timeout: 60_000 }, () => {
  expect(blocks.length).toBeGreaterThan(20)
  expect(compile(root, folder)).toBe('')
})

describe.each(pages.filter((page) => blocks.some((block) => block.page === page)))('%s', (page) => {
  const own = blocks.filter((block) => block.page === page)
  test.each(own)('the example in line $line does what it says', async ({ file }: Block) => {
    await import(file)
  })
})
