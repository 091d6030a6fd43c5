/**
 * Opens the built site in Chromium as readers do: light and dark, on a telephone and on a wide screen. Fails where a page throws,
 * where something is not found or where a page is wider than its screen; tries the search and the playground.
 * `npm run try --prefix site`, with `-- --shots DIR` for pictures of what it saw. Chromium is that of CHROMIUM, or of the system.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { installPackage } from '../bench/install.ts'

interface Page {
  goto(url: string, options: object): Promise<unknown>
  on(event: 'pageerror', listener: (error: Error) => void): void
  on(event: 'response', listener: (response: { status(): number; url(): string }) => void): void
  evaluate<T>(run: () => T): Promise<T>
  screenshot(options: { path: string }): Promise<unknown>
  waitForSelector(selector: string): Promise<{ textContent(): Promise<string> }>
  waitForFunction(run: () => unknown): Promise<unknown>
  click(selector: string): Promise<void>
  fill(selector: string, text: string): Promise<void>
  close(): Promise<void>
}

const { shots } = parseArgs({ options: { shots: { type: 'string' } } }).values
const dist = fileURLToPath(new URL('.vitepress/dist/', import.meta.url))
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
}
const server = createServer((request, response) => {
  const path = decodeURIComponent(new URL(request.url!, 'http://localhost').pathname)
  const file = [path, `${path}.html`, join(path, 'index.html')].find(
    (one) => extname(one) !== '' && existsSync(join(dist, one)),
  )
  response.writeHead(file === undefined ? 404 : 200, {
    'content-type': types[extname(file ?? '')] ?? 'application/octet-stream',
  })
  response.end(file === undefined ? '' : readFileSync(join(dist, file)))
}).listen(0)
const origin = `http://localhost:${(server.address() as AddressInfo).port}`

const { chromium } = await import(
  new URL('playwright-core/index.mjs', installPackage('playwright-core', '1.65.1')).href
)
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
const troubles: string[] = []

async function open(path: string, width: number, colorScheme: 'light' | 'dark'): Promise<Page> {
  const page: Page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
  const where = `${path}, ${width} px, ${colorScheme}`
  page.on('pageerror', (error) => troubles.push(`${where}: ${error.message}`))
  page.on('response', (response) => {
    if (response.status() >= 400) troubles.push(`${where}: ${response.url()} is ${response.status()}`)
  })
  await page.goto(origin + path, { waitUntil: 'networkidle' })
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  if (excess > 1) troubles.push(`${where}: ${excess} px too wide`)
  if (shots !== undefined) {
    mkdirSync(shots, { recursive: true })
    const name = path.replaceAll('/', '-').replace(/^-$/, '-home')
    await page.screenshot({ path: join(shots, `${width}-${colorScheme}${name}.png`) })
  }
  return page
}

try {
  for (const path of [
    '/',
    '/loading',
    '/reference',
    '/api/core',
    '/api/scope/hono',
    '/benchmarks/',
    '/benchmarks/hit-ratio',
    '/examples/',
    '/playground',
  ])
    for (const width of [390, 1440])
      for (const scheme of ['light', 'dark'] as const) await (await open(path, width, scheme)).close()

  const home = await open('/', 1440, 'light')
  await home.click('.VPNavBarSearch button')
  await home.fill('.search-input', 'stampede')
  const result = await (await home.waitForSelector('.result')).textContent()
  assert.match(result, /stampede/i)

  const playground = await open('/playground', 1440, 'dark')
  const words = await (await playground.waitForSelector('.words')).textContent()
  assert.match(words, /adaptive answers [\d.]+ %/)
  await playground.click('.choices button:last-child')
  await playground.fill('textarea', 'a\nb\na\na\nb\n')
  await playground.click('.own .run')
  await playground.waitForFunction(() =>
    document.querySelector('.facts')?.textContent?.startsWith('5 reads of 2 keys'),
  )
} finally {
  await browser.close()
  server.close()
  server.closeAllConnections()
}
for (const one of troubles) console.error(one)
console.log(`${troubles.length} troubles in Chromium`)
if (troubles.length > 0) process.exitCode = 1
