import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type * as Application from './application/app.ts'
import { installNest11 } from './install.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../../../', import.meta.url))

/** The application made into JavaScript, with decorators as Nest has them, beside one major of Nest. */
function compiled(folder: string, modules: string): string {
  copyFileSync(join(here, 'application/app.ts'), join(folder, 'app.ts'))
  symlinkSync(modules, join(folder, 'node_modules'), 'junction')
  const compilerOptions = {
    noEmit: false,
    rootDir: root,
    outDir: 'out',
    rewriteRelativeImportExtensions: true,
    erasableSyntaxOnly: false,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  }
  const project = { extends: '../../tsconfig.all.json', compilerOptions, include: ['.'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project))
  execFileSync(`${root}node_modules/.bin/tsc`, ['-p', folder], { stdio: 'inherit' })
  return join(folder, 'out', relative(root, join(folder, 'app.js')))
}

describe.each([
  { major: 12, modules: '../node_modules' },
  { major: 11, modules: 'nest-11/node_modules' },
])('Nest $major', ({ major, modules }) => {
  let folder = ''
  let application: typeof Application
  beforeAll(async () => {
    installNest11()
    mkdirSync(join(root, '.cache'), { recursive: true })
    folder = mkdtempSync(join(root, '.cache', `nest-${major}-`))
    application = await import(compiled(folder, join(here, modules)))
    const manifest = join(here, modules, '@nestjs/core/package.json')
    expect(JSON.parse(readFileSync(manifest, 'utf8')).version.startsWith(`${major}.`)).toBe(true)
  }, 240_000)
  afterAll(() => rmSync(folder, { recursive: true }))

  describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
    let opened: Application.Opened
    const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
      const response = await fetch(opened.url + path, { headers, method })
      const text = await response.text()
      const { status } = response
      const said = response.headers.get('cache-status')
      return { status, text, said, headers: response.headers }
    }
    const count = (one: string) => application.ran.filter((other) => other === one).length

    beforeEach(async () => {
      vi.useFakeTimers({ toFake: ['Date'] })
      application.ran.length = 0
      application.responses.clear()
      application.names.delete(2)
      application.held.finish = undefined
      opened = await application.open(platform)
    })
    afterEach(async () => {
      await opened.app.close()
      vi.useRealTimers()
    })

    test('a cached method runs once for its arguments, and again when its ttl is over', async () => {
      expect((await get('/users/1')).text).toBe('{"id":1,"name":"Ada"}')
      await get('/users/1')
      await get('/users/3')
      expect(application.ran).toEqual(['find 1', 'find 3'])
      vi.advanceTimersByTime(60_000)
      await get('/users/1')
      expect(count('find 1')).toBe(2)
    })

    test('what a method invalidates is not served any more, nor stored by a call under way', async () => {
      await get('/users/1')
      await get('/users/1/Grace', {}, 'POST')
      expect((await get('/users/1')).text).toBe('{"id":1,"name":"Grace"}')
      await get('/users/1/Ada', {}, 'POST')

      const early = get('/users/2')
      await vi.waitUntil(() => application.held.finish !== undefined)
      await get('/users/2/Grace', {}, 'POST')
      application.held.finish!()
      expect((await early).text).toBe('{"id":2}')
      application.held.finish = undefined
      const late = get('/users/2')
      await vi.waitUntil(() => application.held.finish !== undefined)
      application.held.finish!()
      expect((await late).text).toBe('{"id":2,"name":"Grace"}')
    })

    test('a method that fails has invalidated all the same', async () => {
      await get('/users/1')
      expect((await get('/users/1/fail', {}, 'POST')).status).toBe(500)
      await get('/users/1')
      expect(count('find 1')).toBe(2)
      await get('/users/1/Ada', {}, 'POST')
    })

    test('synchronous methods stay synchronous', () => {
      const service = opened.app.get(application.UserService)
      expect(service.title('a', 'en')).toBe('a in en')
      service.title('a', 'en')
      expect(application.ran).toEqual(['title a en'])
      expect(service.rebuild()).toBe('rebuilt')
      service.title('a', 'en')
      expect(application.ran).toEqual(['title a en', 'title a en'])
    })

    test('providers of request scope share results, told apart by what the key says', async () => {
      const prices = (tenant: string) => get('/tenant/7', { 'x-tenant': tenant })
      expect((await prices('a')).text).toBe("a's 7")
      expect((await prices('b')).text).toBe("b's 7")
      expect((await prices('a')).text).toBe("a's 7")
      expect(application.ran).toEqual(['prices a 7', 'prices b 7'])
    })

    test('caches are injected into constructors and properties, and found by their token', () => {
      const service = opened.app.get(application.UserService)
      expect(service.users).toBe(opened.app.get(application.cacheToken('users')))
      expect(service.pages).toBe(opened.app.get(application.cacheToken('pages')))
      expect(opened.app.get(application.cacheToken('existing'))).toBe(application.existing)
    })

    test('a decorator above those of Nest keeps what they noted', async () => {
      const first = await get('/above')
      expect(first).toMatchObject({ status: 200, text: '{"above":1}' })
      expect(first.headers.get('x-kept')).toBe('yes')
      expect((await get('/above')).text).toBe('{"above":1}')
    })

    test('an instance that Nest did not make runs its methods as they are written', async () => {
      const service = new application.UserService(undefined as never)
      service.title('a', 'en')
      service.title('a', 'en')
      expect(application.ran.length).toBe(2)
    })

    test('closing the application closes the caches that it made, and no others', async () => {
      const { users } = opened.app.get(application.UserService)
      const other = await application.open(platform)
      await opened.app.close()
      expect(() => users.set(1, { id: 1, name: 'x' })).toThrow('the cache was closed')
      application.existing.set('a', 'b')
      expect(application.existing.get('a')).toBe('b')
      opened = other
      expect((await get('/users/1')).status).toBe(200)
    })

    test('the caches are a health indicator of Terminus', async () => {
      const up = await get('/health')
      expect(up.status).toBe(200)
      expect(JSON.parse(up.text).info.nearcache).toMatchObject({
        status: 'up',
        caches: { users: { ok: true } },
      })
      opened.app.get(application.UserService).pages.close()
      const down = await get('/health')
      expect(down.status).toBe(503)
      expect(JSON.parse(down.text).error.nearcache).toMatchObject({
        status: 'down',
        caches: { users: { ok: true }, pages: { ok: false } },
      })
    })

    test('settings may come from providers, and must be complete', async () => {
      const { app } = await application.open(platform, 'forRootAsync')
      expect(app.get<{ stats(): object }>(application.cacheToken('users')).stats()).toMatchObject({
        maxEntries: 100,
      })
      await app.close()
      await expect(application.open(platform, 'incomplete')).rejects.toThrow(
        "useFactory: expected options for users, pages, got 'pages'",
      )
    })

    describe('responses', () => {
      test('that say so are answered from the cache, with their fields', async () => {
        const first = await get('/responses/said?n=1')
        const again = await get('/responses/said?n=1')
        await get('/responses/said?n=2')
        expect(again.text).toBe(first.text)
        expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'))
        expect(again.said).toMatch(/^nearcache; hit; ttl=/)
        expect(application.ran).toEqual(['said 1', 'said 2'])
      })

      test('that say nothing are not stored, unless their route says for how long', async () => {
        await get('/responses/silent')
        await get('/responses/silent')
        await get('/responses/route')
        await get('/responses/route')
        expect(application.ran).toEqual(['silent', 'silent', 'route'])
        application.responses.deleteByTag('route')
        await get('/responses/route')
        expect(count('route')).toBe(2)
        await get('/responses/route', {}, 'POST')
        await get('/responses/route')
        expect(count('route')).toBe(3)
      })

      test('are given to nobody whom a guard stops', async () => {
        await get('/responses/said?n=1')
        expect((await get('/responses/said?n=1', { 'x-banned': '1' })).status).toBe(403)
      })

      test('are confirmed to clients that have them', async () => {
        const { headers } = await get('/responses/said?n=1')
        const etag = headers.get('etag')
        if (platform === 'fastify') return expect(etag).toBeNull()
        expect((await get('/responses/said?n=1', { 'if-none-match': etag! })).status).toBe(304)
      })

      test('that are stale are sent at once, and renewed behind', async () => {
        await get('/responses/route')
        vi.advanceTimersByTime(90_000)
        expect((await get('/responses/route')).text).toBe('{"route":1}')
        await vi.waitUntil(async () => (await get('/responses/route')).text === '{"route":2}')
        expect(count('route')).toBe(2)
      })

      test('stand in for a handler that throws', async () => {
        await get('/responses/failing')
        vi.advanceTimersByTime(90_000)
        expect(await get('/responses/failing')).toMatchObject({ status: 200, text: '{"failing":"once"}' })
        expect(count('failing')).toBe(2)
      })

      test('are made once for all who ask at once', async () => {
        const all = await Promise.all(Array.from({ length: 20 }, () => get('/responses/route')))
        expect(new Set(all.map(({ text }) => text)).size).toBe(1)
        expect(count('route')).toBe(1)
      })
    })
  })
})
