import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { workloads } from '../../bench/hit-ratio/synthetic.ts'
import { chapters } from '../../site/contents.ts'
import { forSite, plain } from '../../site/markdown.ts'
import { course, curve, sizesFor } from '../../site/playground/simulation.ts'
import { sitePages } from '../../site/sources.ts'
import { replay } from '../../src/cli/replay.ts'
import { TraceBuilder } from '../../src/cli/trace.ts'
import { pages, root } from './pages.ts'

const picture =
  '<picture><source media="(prefers-color-scheme: dark)" srcset="a-dark.svg"><img src="a.svg" alt="A"></picture>'

describe('a page on the site', () => {
  const pictures: string[] = []
  const surroundings = {
    page: 'docs/migrate/django.md',
    pages: new Map([
      ['docs/migrate/django.md', 'migrate/django.md'],
      ['docs/tags.md', 'tags.md'],
      ['docs/README.md', 'contents.md'],
    ]),
    repository: undefined,
    onPicture: (path: string) => pictures.push(path),
  }

  test('links to the pages of the site, and keeps the words of what is none', () => {
    const text =
      'See [tags](../tags.md#top), [all](../README.md), [code](../../src/cache.ts), [x](https://x.test).'
    expect(forSite(text, surroundings)).toBe(
      'See [tags](./../tags.md#top), [all](./../contents.md), code, [x](https://x.test).',
    )
    const repository = 'https://host.test/blob/main/'
    expect(forSite('[code](../../src/cache.ts)', { ...surroundings, repository })).toBe(
      '[code](https://host.test/blob/main/src/cache.ts)',
    )
  })

  test('has both pictures of a chart, and no preludes; code stays as it is', () => {
    const code = '```ts\nconst a = [b](c.md)\n```'
    const text = forSite(`<!-- prelude\nconst b = 1\n-->\n\n${picture}\n\n${code}`, surroundings)
    expect(text).toContain('class="chart light-only" src="/pictures/migrate-a.svg"')
    expect(text).toContain('class="chart dark-only" src="/pictures/migrate-a-dark.svg"')
    expect(text).toContain(code)
    expect(text).not.toContain('prelude')
    expect(pictures).toEqual(['docs/migrate/a.svg', 'docs/migrate/a-dark.svg'])
    expect(plain(`<!-- prelude\nx\n-->\n\n${picture}`)).toBe('![A](a.svg)')
  })
})

test('every picture of a page is one that the site can show', () => {
  const pages = sitePages()
  const shown = (page: string): string =>
    forSite(readFileSync(root + page, 'utf8'), { page, pages, repository: undefined, onPicture: () => {} })
  expect([...pages.keys()].filter((page) => shown(page).includes('<picture'))).toEqual([])
})

test('the site has every page, and its sidebar those that the index lists', () => {
  const onSite = sitePages()
  expect(pages.filter((page) => !onSite.has(page))).toEqual([])
  const listed = chapters().flatMap((chapter) => chapter.pages.map(({ path }) => path))
  expect(listed.length).toBeGreaterThan(40)
  expect(listed.filter((path) => !onSite.has(path))).toEqual([])
})

test('the playground counts what the simulator counts, and no policy gets above the optimum', () => {
  const builder = new TraceBuilder('scans')
  const read = workloads.scans!.make()
  for (let n = 0; n < 20_000; n++) builder.add(read(n), undefined, undefined)
  const trace = builder.build()
  const sizes = sizesFor(trace.unique)
  expect(sizes).toEqual([...sizes].sort((a, b) => a - b))
  for (const point of curve(trace, sizes.slice(3, 8))) {
    const counted = (policy: 'adaptive' | 'lru') =>
      replay(trace, { policy, size: point.size, ttl: Infinity }) / trace.keys.length
    expect(point).toMatchObject({ adaptive: counted('adaptive'), lru: counted('lru') })
    expect(Math.max(point.adaptive, point.lru)).toBeLessThanOrEqual(point.optimum)
    const { adaptive } = course(trace, point.size)
    const mean = adaptive.reduce((sum, share) => sum + share, 0) / adaptive.length
    expect(mean).toBeCloseTo(point.adaptive, 2)
  }
})
