import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readHitRatios } from '../../bench/hit-ratio/write.ts'
import { withFigures } from '../../bench/readme.ts'
import { readReports } from '../../bench/redraw.ts'
import { pages, root } from './pages.ts'

const benchmarks = new URL('../../docs/benchmarks/', import.meta.url)

test('the figures in the README are those of the results', () => {
  const readme = readFileSync(`${root}README.md`, 'utf8')
  const { report } = readReports().find(({ name }) => name === 'node-24')!
  expect(withFigures(readme, report, readHitRatios(benchmarks, 'hit-ratio')!.pairs)).toBe(readme)
})

test("the README's pictures are found on npm, which resolves their `src` and no `srcset`", () => {
  const readme = readFileSync(`${root}README.md`, 'utf8')
  expect(readme.match(/!\[[^\]]+\]\(docs\/[\w/-]+\.svg\)/g)).toHaveLength(2)
  expect(readme).not.toMatch(/<picture|<source|srcset/)
})

test.each(['awaited-hits', 'hits'])('a factor in %s is the quotient of the figures beside it', (name) => {
  const drawing = readFileSync(new URL(`${name}.svg`, benchmarks), 'utf8')
  const labels = [...drawing.matchAll(/>([\d.]+) million(?: {2}· {2}([\d.]+) × (slower|faster))?</g)]
  const ours = Number(labels.find(([, , factor]) => factor === undefined)![1])
  const compared = labels.filter(([, , factor]) => factor !== undefined)
  expect(compared.length).toBeGreaterThan(5)
  for (const [label, theirs, factor, way] of compared) {
    const quotient = way === 'slower' ? ours / Number(theirs) : Number(theirs) / ours
    expect(Math.abs(quotient / Number(factor) - 1), label).toBeLessThan(0.06)
  }
})

test('every picture is shown by a page, for light and for dark', () => {
  const pictures = ['docs/benchmarks', 'docs/images'].flatMap((folder) =>
    readdirSync(root + folder).filter((name) => /\.(svg|png)$/.test(name)),
  )
  const shown = [...pages, 'examples/shop/README.md'].map((page) => readFileSync(root + page, 'utf8')).join()
  expect(pictures.filter((name) => !shown.includes(name))).toEqual([])
  const light = pictures.filter((name) => !name.endsWith('-dark.svg'))
  expect(light.length).toBeGreaterThan(8)
  expect(pictures).toEqual(expect.arrayContaining(light.map((name) => name.replace('.svg', '-dark.svg'))))
})
