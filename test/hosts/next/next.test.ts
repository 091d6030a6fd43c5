import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasServer, startServer, type TestServer } from '../../tiers/support/server.ts'
import { until } from '../../tiers/support/until.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../../../', import.meta.url))
const program = join(folder, 'node_modules/next/dist/bin/next')

function install(): void {
  if (existsSync(program)) return
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
}

/** What handlers of the application import: the sources as they are, in one file. */
async function bundle(): Promise<void> {
  const contents = `
    export * from './src/next/index.ts'
    export { redisTier } from './src/tiers/redis.ts'
    export { TieredCache } from './src/tiers/tiered.ts'`
  const stdin = { contents, resolveDir: root }
  await build({ stdin, bundle: true, platform: 'node', format: 'esm', outfile: join(folder, 'nearcache.js') })
}

/** What data comes from: a text by name, and how often it was read. */
const texts = new Map<string, string>()
const asked = new Map<string, number>()
let source: Server
let redis: TestServer
let children: ChildProcess[] = []

function run(...args: string[]): ChildProcess {
  const { port } = source.address() as AddressInfo
  const env = {
    ...process.env,
    NODE_ENV: 'production' as const,
    NEXT_TELEMETRY_DISABLED: '1',
    REDIS_PORT: String(redis.port),
    SOURCE: `http://127.0.0.1:${port}`,
  }
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, env, stdio: 'pipe' })
  children.push(child)
  return child
}

async function start() {
  const child = run('start', '-p', '0')
  let said = ''
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (bytes) => (said += bytes))
  const failed = once(child, 'exit').then(() => Promise.reject(new Error(said)))
  await Promise.race([until(() => said.includes('Ready'), 'the start of Next'), failed])
  failed.catch(() => {})
  const url = `http://127.0.0.1:${said.match(/localhost:(\d+)/)![1]}`
  return {
    async get(path: string, headers: Record<string, string> = {}) {
      const response = await fetch(url + path, { headers, signal: AbortSignal.timeout(20_000) })
      const body = await response.text()
      const text = body.match(/text":"([^"]*)|text: ([^<"]*)/)
      const { status } = response
      return { status, body, text: text?.[1] ?? text?.[2], cache: response.headers.get('x-nextjs-cache') }
    },
    async text(path: string) {
      return (await this.get(path)).text
    },
    /** Reads what is to be kept; a page is once what Next does behind its first response is done. */
    async keep(path: string) {
      await this.text(path)
      if (path.startsWith('/pages')) await until(async () => (await this.get(path)).cache === 'HIT')
    },
    async revalidate(what: { tag?: string; path?: string; profile?: string | { expire: number } }) {
      const body = JSON.stringify(what)
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(`${url}/api/revalidate`, { method: 'POST', headers, body })
      expect(await response.json()).toEqual({ done: true })
    },
  }
}

describe.skipIf(!hasServer)('two processes of Next over one Redis (skipped where there is none)', () => {
  let one: Awaited<ReturnType<typeof start>>
  let two: typeof one

  beforeAll(async () => {
    install()
    await bundle()
    redis = await startServer()
    source = createServer((request, response) => {
      const name = request.url!.slice(1)
      asked.set(name, (asked.get(name) ?? 0) + 1)
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ text: texts.get(name) ?? 'first' }))
    })
    source.listen(0, '127.0.0.1')
    await once(source, 'listening')
    const building = run('build')
    let said = ''
    for (const stream of [building.stdout!, building.stderr!]) stream.on('data', (bytes) => (said += bytes))
    const [code] = await once(building, 'exit')
    expect(code, said).toBe(0)
    ;[one, two] = await Promise.all([start(), start()])
  }, 580_000)

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    children = []
    source?.closeAllConnections()
    source?.close()
    await redis?.kill()
  })

  beforeEach(() => {
    texts.clear()
    asked.clear()
  })

  test('what was built is served before anything is rendered', async () => {
    for (const process of [one, two])
      for (const path of ['/feed', '/pages/built'])
        expect(await process.get(path)).toMatchObject({ status: 200, text: 'first', cache: 'HIT' })
    expect([...asked]).toEqual([])
  })

  test.each([
    ['use cache', '/api/product/shared', 'product-shared'],
    ['fetch', '/api/fetched/shared', 'fetched-shared'],
    ['a page of the App Router', '/pages/shared-page', 'product-shared-page'],
    ['a page of the Pages Router', '/isr/shared', 'isr-shared'],
  ])('%s: what one process keeps is a hit in the other', async (_, path, name) => {
    await one.keep(path)
    await until(async () => {
      asked.clear()
      return (await two.text(path)) === 'first' && !asked.has(name)
    })
    texts.set(name, 'second')
    expect([await one.text(path), await two.text(path)]).toEqual(['first', 'first'])
    expect(asked.has(name)).toBe(false)
  })

  test.each([
    ['use cache', '/api/product/tag', 'product-tag'],
    ['fetch', '/api/fetched/tag', 'fetched-tag'],
    ['a page', '/pages/tag-page', 'product-tag-page'],
  ])('%s: revalidateTag in one process is seen at once in it, and by the other', async (_, path, tag) => {
    await one.keep(path)
    await until(async () => (await two.text(path)) === 'first')
    texts.set(tag, 'second')
    await one.revalidate({ tag })
    expect(await one.text(path)).toBe('second')
    await until(async () => (await two.text(path)) === 'second')
    await two.keep(path)

    texts.set(tag, 'third')
    await two.revalidate({ tag })
    expect(await two.text(path)).toBe('third')
    await until(async () => (await one.text(path)) === 'third')
    asked.clear()
    expect([await one.text(path), await two.text(path)]).toEqual(['third', 'third'])
    expect(asked.has(tag)).toBe(false)
  })

  test.each([
    ['use cache', '/api/product', 'product'],
    ['fetch', '/api/fetched', 'fetched'],
  ])('%s: revalidatePath renews what was read for that path, and for no other', async (_, path, name) => {
    for (const id of ['here', 'there']) await one.keep(`${path}/${id}`)
    await until(async () => (await two.text(`${path}/here`)) === 'first')
    for (const id of ['here', 'there']) texts.set(`${name}-${id}`, 'second')
    await one.revalidate({ path: `${path}/here` })
    expect([await one.text(`${path}/here`), await one.text(`${path}/there`)]).toEqual(['second', 'first'])
    await until(async () => (await two.text(`${path}/here`)) === 'second')
  })

  test('a page is rendered anew in both processes after revalidatePath', async () => {
    await one.keep('/pages/path')
    await until(async () => (await two.text('/pages/path')) === 'first')
    texts.set('product-path', 'second')
    await two.revalidate({ path: '/pages/path' })
    expect(await two.text('/pages/path')).toBe('second')
    await until(async () => (await one.text('/pages/path')) === 'second')
  })

  test.each([
    ['use cache', '/api/product/stale', 'product-stale'],
    ['fetch', '/api/fetched/stale', 'fetched-stale'],
    ['a page', '/pages/stale-page', 'product-stale-page'],
  ])(
    '%s: with a profile what is there is served once more, made anew behind it, and kept',
    async (_, path, tag) => {
      await one.keep(path)
      texts.set(tag, 'second')
      await one.revalidate({ tag, profile: 'max' })
      expect(await one.text(path)).toBe('first')
      await until(async () => (await one.text(path)) === 'second')
      await until(async () => (await two.text(path)) === 'second')
      asked.clear()
      expect([await one.text(path), await two.text(path)]).toEqual(['second', 'second'])
      expect(asked.has(tag)).toBe(false)
    },
  )

  test('that a page is not found is kept as well', async () => {
    texts.set('isr-none', '')
    expect((await one.get('/isr/none')).status).toBe(404)
    await until(async () => {
      asked.clear()
      return (await two.get('/isr/none')).status === 404 && !asked.has('isr-none')
    })
    expect(await one.get('/isr/none')).toMatchObject({ status: 404, cache: 'HIT' })
    expect(asked.has('isr-none')).toBe(false)
  })

  test('navigation and prefetching of a client get what the other process has rendered', async () => {
    const page = await one.get('/pages/rsc')
    expect(page.text).toBe('first')
    await until(async () => (await two.get('/pages/rsc')).cache === 'HIT')
    const navigated = await two.get('/pages/rsc', { RSC: '1' })
    expect([navigated.status, navigated.text]).toEqual([200, 'first'])
    const segment = { RSC: '1', 'Next-Router-Prefetch': '1', 'Next-Router-Segment-Prefetch': '/_tree' }
    const prefetched = await two.get('/pages/rsc', segment)
    expect(prefetched.status).toBe(200)
    expect(prefetched.body).toContain('pages')
  })

  test('a route handler that is static is kept until its tag is revalidated', async () => {
    await one.keep('/feed')
    await until(async () => (await two.get('/feed')).cache === 'HIT')
    texts.set('feed', 'second')
    await two.revalidate({ tag: 'feed' })
    expect(await two.text('/feed')).toBe('second')
    await until(async () => (await one.text('/feed')) === 'second')
  })

  test('what was built, and may have been revalidated for all that is known, is served once and made anew', async () => {
    await redis.socket.command(['FLUSHALL'])
    texts.set('product-built', 'second')
    await until(async () => (await one.text('/pages/built')) === 'second')
    await until(async () => (await two.text('/pages/built')) === 'second')
  })

  test('requests open no connections of their own', async () => {
    const connections = async () => String(await redis.socket.command(['CLIENT', 'LIST'])).split('\n').length
    const before = await connections()
    await Promise.all(Array.from({ length: 40 }, (_, i) => one.text(`/api/product/many-${i}`)))
    expect(await connections()).toBe(before)
  })

  test('while Redis is away pages are served, and once it is back what it lost is not: no process is started anew', {
    timeout: 120_000,
  }, async () => {
    await one.text('/api/product/away')
    await until(async () => (await two.text('/api/product/away')) === 'first')
    await redis.kill()
    expect(await one.text('/api/product/other')).toBe('first')
    await one.revalidate({ tag: 'product-away' })
    texts.set('product-away', 'second')
    expect(await one.text('/api/product/away')).toBe('second')
    redis = await startServer({ port: redis.port })
    await until(async () => (await two.text('/api/product/away')) === 'second')
    texts.set('product-away', 'third')
    await until(async () => {
      await one.revalidate({ tag: 'product-away' })
      return (await two.text('/api/product/away')) === 'third'
    })
    await until(async () => {
      asked.clear()
      const both = [await one.text('/api/product/away'), await two.text('/api/product/away')]
      return both.every((text) => text === 'third') && !asked.has('product-away')
    })
  })
})
