import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Cache } from 'nearcache'
import { cacheHandler, type NextCacheHandlerClass, type NextValue } from 'nearcache/next'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { now } from '../../src/next/revalidations.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] })
  folder = mkdtempSync(join(tmpdir(), 'nearcache-next-'))
})

afterEach(() => {
  vi.useRealTimers()
  rmSync(folder, { recursive: true })
})

let folder: string
const serverDistDir = () => join(folder, 'server')

function write(files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
}

const fetched = (body: string): NextValue => ({ kind: 'FETCH', revalidate: 60, data: { body } }) as NextValue
const page = (html: string, tags = '_N_T_/a'): NextValue =>
  ({ kind: 'APP_PAGE', html, headers: { 'x-next-cache-tags': tags } }) as NextValue
const key = (path: string) => `/route-cache/APP_PAGE/00/$${path}`
const PAGE = { kind: 'APP_PAGE', isFallback: false }
const FETCH = { kind: 'FETCH', tags: ['t'], softTags: ['_N_T_/a'] }
const KEEP = { fetchCache: true, tags: ['t'] }

describe('cacheHandler', () => {
  let Handler: NextCacheHandlerClass
  /** Next makes one for each request. */
  const request = (revalidatedTags: string[] = []) =>
    new Handler({ serverDistDir: serverDistDir(), revalidatedTags })

  beforeEach(async () => {
    write({ BUILD_ID: 'one' })
    Handler = cacheHandler(new Cache<string>({ ttl: '7d' }))
    await request().get('warm', FETCH)
    vi.advanceTimersByTime(1)
  })

  test('what one request keeps is a hit in another, with what Next said of it', async () => {
    await request().set('f', fetched('x'), KEEP)
    await request().set(key('/a'), page('x'), { cacheControl: { revalidate: 60, expire: 3600 } })
    expect(await request().get('f', FETCH)).toMatchObject({ value: { data: { body: 'x' } } })
    expect(await request().get(key('/a'), PAGE)).toMatchObject({
      value: { html: 'x' },
      cacheControl: { revalidate: 60, expire: 3600 },
    })
    expect([await request().get('g', FETCH), await request().get(key('/b'), PAGE)]).toEqual([null, null])
  })

  test.each([
    ['its tag', 't'],
    ['the path that it is read for', '_N_T_/a'],
  ])('a response of fetch is none after a revalidation of %s', async (_, tag) => {
    await request().set('f', fetched('x'), KEEP)
    vi.advanceTimersByTime(1)
    await request().revalidateTag(tag)
    expect(await request().get('f', FETCH)).toBe(null)
  })

  test('a response of fetch bears the tags that it was kept with, whatever those of who asks', async () => {
    await request().set('f', fetched('x'), { fetchCache: true, tags: ['kept'] })
    expect(await request().get('f', { kind: 'FETCH', tags: ['asked'] })).not.toBe(null)
    vi.advanceTimersByTime(1)
    await request().revalidateTag(['kept'])
    expect(await request().get('f', { kind: 'FETCH', tags: ['asked'] })).toBe(null)
  })

  test('tags that Next says were revalidated before make a miss', async () => {
    await request().set('f', fetched('x'), KEEP)
    expect(await request(['t']).get('f', FETCH)).toBe(null)
    expect(await request(['u']).get('f', FETCH)).not.toBe(null)
    vi.advanceTimersByTime(1)
    await request().revalidateTag('t', { expire: 60 })
    expect(await request(['t']).get('f', FETCH)).toBe(null)
    expect(await request(['u']).get('f', FETCH)).not.toBe(null)
  })

  test('a page that was being rendered while its tag was revalidated is not kept', async () => {
    const rendering = request()
    expect(await rendering.get(key('/a'), PAGE)).toBe(null)
    vi.advanceTimersByTime(10)
    await request().revalidateTag('_N_T_/a')
    vi.advanceTimersByTime(10)
    await rendering.set(key('/a'), page('old'))
    expect(await request().get(key('/a'), PAGE)).toBe(null)
    const next = request()
    await next.get(key('/a'), PAGE)
    await next.set(key('/a'), page('new'))
    expect(await request().get(key('/a'), PAGE)).toMatchObject({ value: { html: 'new' } })
  })

  test('with a profile a page is served as one that is over, and none when the profile is', async () => {
    await request().set(key('/a'), page('x'), { cacheControl: { revalidate: false } })
    vi.advanceTimersByTime(1)
    await request().revalidateTag('_N_T_/a', { expire: 60 })
    const stale = (await request().get(key('/a'), PAGE))!
    expect(stale).toMatchObject({ value: { html: 'x' }, cacheControl: { revalidate: 1 } })
    expect(stale.lastModified + 1000).toBeLessThan(Date.now())
    vi.advanceTimersByTime(60_000)
    expect(await request().get(key('/a'), PAGE)).toBe(null)
  })

  test('with a profile a response of fetch is older than its time', async () => {
    await request().set('f', fetched('x'), KEEP)
    vi.advanceTimersByTime(1)
    await request().revalidateTag('t', { expire: 600 })
    const { lastModified } = (await request().get('f', { ...FETCH, revalidate: 120 }))!
    expect(lastModified + 120_000).toBeLessThan(Date.now())
  })

  test('null is kept: it is known that there is nothing', async () => {
    await request().set(key('/none'), null, { cacheControl: { revalidate: 60 } })
    expect(await request().get(key('/none'), PAGE)).toMatchObject({ value: null })
  })

  test('pages of another build are not served; responses of fetch are', async () => {
    const cache = new Cache<string>()
    Handler = cacheHandler(cache)
    await request().get('warm', FETCH)
    vi.advanceTimersByTime(1)
    await request().set(key('/a'), page('x'))
    await request().set('f', fetched('x'), KEEP)
    write({ BUILD_ID: 'two' })
    expect(await request().get(key('/a'), PAGE)).not.toBe(null)
    // The same cache in the process of the next build.
    Handler = cacheHandler(cache)
    expect(await request().get(key('/a'), PAGE)).toBe(null)
    expect(await request().get('f', FETCH)).not.toBe(null)
  })

  test('an entry leaves when Next would not serve it; without an end it lives as long as the cache says', async () => {
    const cache = new Cache<string>({ ttl: '5m' })
    Handler = cacheHandler(cache)
    await request().get('warm', FETCH)
    vi.advanceTimersByTime(1)
    await request().set(key('/short'), page('x'), { cacheControl: { revalidate: 1, expire: 60 } })
    await request().set(key('/long'), page('x'), { cacheControl: { revalidate: 1, expire: 31_536_000 } })
    const held = () => [...cache.namespace<string>('pages one').keys()]
    expect(held()).toEqual([key('/short'), key('/long')])
    vi.advanceTimersByTime(60_000)
    expect(held()).toEqual([key('/long')])
    vi.advanceTimersByTime(240_000)
    expect(held()).toEqual([])
  })

  describe('what the build has left', () => {
    const meta = (path: string, more: object = {}, tags = '_N_T_/a') =>
      JSON.stringify({
        status: 200,
        headers: { 'x-next-cache-tags': tags },
        routeCache: { key: key(path), isFallback: false, ...more },
      })
    const built = (path: string, html: string, more?: object, made = now()): void => {
      write({
        [`server/app${path}.meta`]: meta(path, more),
        [`server/app${path}.html`]: html,
        [`server/app${path}.rsc`]: `rsc of ${html}`,
        'prerender-manifest.json': JSON.stringify({ routes: { '/timed': { initialRevalidateSeconds: 60 } } }),
      })
      utimesSync(join(serverDistDir(), `app${path}.html`), made / 1000, made / 1000)
    }

    test('is served, and kept', async () => {
      built('/a', 'built')
      const found = await request().get(key('/a'), PAGE)
      expect(found).toMatchObject({ value: { kind: 'APP_PAGE', html: 'built', status: 200 } })
      expect(found!.lastModified).toBeCloseTo(now(), 0)
      expect(String((found!.value as unknown as { rscData: Buffer }).rscData)).toBe('rsc of built')
      rmSync(serverDistDir(), { recursive: true })
      expect(await request().get(key('/a'), PAGE)).toMatchObject({ value: { html: 'built' } })
    })

    test('is served as one that is over where it may have been revalidated; a shell is served as it is', async () => {
      built('/a', 'built', {}, now() - 5000)
      built('/[id]', 'shell', { isFallback: true }, now() - 5000)
      expect(await request().get(key('/a'), PAGE)).toMatchObject({ cacheControl: { revalidate: 1 } })
      const shell = await request().get(key('/[id]'), { ...PAGE, isFallback: true })
      expect(shell).toMatchObject({ value: { html: 'shell' } })
      expect(shell).not.toHaveProperty('cacheControl')
      await request().revalidateTag('_N_T_/a')
      vi.advanceTimersByTime(1)
      expect(await request().get(key('/[id]'), { ...PAGE, isFallback: true })).toBe(null)
    })

    test('is not served after a revalidation', async () => {
      built('/a', 'built', {}, now() - 5000)
      await request().revalidateTag('_N_T_/a')
      vi.advanceTimersByTime(1)
      expect(await request().get(key('/a'), PAGE)).toBe(null)
    })

    test('of another route with the same path, or outside of the folder, is not served', async () => {
      built('/a', 'built', { key: '/route-cache/APP_PAGE/11/$/a' })
      write({ 'outside.html': '', 'outside.rsc': '', 'outside.meta': meta('/../../outside') })
      expect(await request().get(key('/a'), PAGE)).toBe(null)
      expect(await request().get(key('/../../outside'), PAGE)).toBe(null)
    })

    test('is not served once its time is over: a later one may have been', async () => {
      built('/timed', 'built', {}, now() - 30_000)
      expect(await request().get(key('/timed'), PAGE)).not.toBe(null)
      Handler = cacheHandler(new Cache<string>())
      vi.advanceTimersByTime(31_000)
      expect(await request().get(key('/timed'), PAGE)).toBe(null)
    })
  })
})
