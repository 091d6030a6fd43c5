import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { bundlePage, pageModule } from '../../scripts/page.ts'
import { files } from '../../src/observe/dashboard/page.ts'
import { importsOf, sources } from './sources.ts'

test('the page of the dashboard is what `npm run page` makes of its source', async () => {
  expect(readFileSync(pageModule, 'utf8') === (await bundlePage()), 'npm run page').toBe(true)
})

test('36. the page takes 64 KB at most, 22 KB of them gzipped', () => {
  const bodies = [...files.values()].map(({ body }) => body)
  const sum = (sizes: readonly number[]): number => sizes.reduce((all, one) => all + one, 0)
  expect(sum(bodies.map((body) => Buffer.byteLength(body)))).toBeLessThanOrEqual(64_000)
  expect(sum(bodies.map((body) => gzipSync(body, { level: 9 }).length))).toBeLessThanOrEqual(22_000)
})

test('39. nothing of the dashboard is loaded by anything but its own entries', () => {
  const isOfIt = (file: string): boolean => file.startsWith('observe/dashboard/')
  const from = sources.filter((file) => !isOfIt(file)).flatMap(importsOf)
  expect(from.filter((one) => isOfIt(one.from))).toEqual([])
})
