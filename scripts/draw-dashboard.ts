// Draws the dashboard in Chromium, `npm run draw:dashboard`: the two pictures of docs/dashboard.md; with `-- --all DIR` every view in light
// and dark, narrow and wide.
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { installChromium, launchChromium } from '../bench/chromium.ts'
import { localOnly } from '../src/observe/dashboard/index.ts'
import { dashboard } from '../src/observe/dashboard/node.ts'
import { openShop } from './dashboard-scene.ts'

interface Page {
  goto(url: string): Promise<unknown>
  on(event: 'pageerror', listener: (error: Error) => void): void
  on(event: 'console', listener: (message: { text(): string; type(): string }) => void): void
  click(selector: string): Promise<void>
  fill(selector: string, text: string): Promise<void>
  waitForSelector(selector: string): Promise<unknown>
  waitForTimeout(ms: number): Promise<void>
  evaluate<T>(run: string): Promise<T>
  screenshot(options: { path: string; fullPage?: boolean; clip?: object }): Promise<unknown>
  close(): Promise<void>
}

interface Browser {
  newPage(options: object): Promise<Page>
  close(): Promise<void>
}

const { all, only } = parseArgs({ options: { all: { type: 'string' }, only: { type: 'string' } } }).values
const chromium = installChromium()
if (chromium === undefined) throw new Error('There is no Chromium: install one, or set CHROMIUM to its path.')

const shop = await openShop()
const handler = dashboard({ authorise: localOnly, actions: true, values: true })
const server = createServer(handler).listen(0, '127.0.0.1')
await new Promise((resolve) => server.once('listening', resolve))
const url = `http://localhost:${(server.address() as AddressInfo).port}/`
const browser = await launchChromium<Browser>(chromium)

async function open(
  hash: string,
  width: number,
  height: number,
  colorScheme: string,
  scale = 1,
): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme, deviceScaleFactor: scale })
  page.on('pageerror', (error) => console.error(`${hash}: ${error.stack}`))
  page.on('console', (message) => {
    if (message.type() === 'error') console.error(`${hash}: ${message.text()}`)
  })
  await page.goto(url + hash)
  await page.waitForSelector('main h1')
  await page.waitForTimeout(300)
  return page
}

const views: Record<string, (page: Page) => Promise<void>> = {
  'list ': async () => {},
  'unfolded ': async (page) => {
    await page.click('.unfold')
    await page.waitForSelector('.space')
  },
  'cache #catalogue': async (page) => {
    for (let turn = 0; turn < 12; turn++) await shop.trade(1, 0.5)
    await page.waitForSelector('.keys')
  },
  'advice #catalogue': async (page) => {
    await page.evaluate(`document.querySelector('.advice button')?.click()`)
    for (let turn = 0; turn < 40; turn++) await shop.trade(1, 0.5)
    await page.waitForSelector('.curve')
  },
  'failing #exchange-rates': async () => {},
  'entries #catalogue': async (page) => {
    await page.fill('.entries input', 'product:10')
    await page.waitForSelector('.entries tbody tr')
    await page.click('.entries tbody td.acts button')
    await page.waitForSelector('.value')
    await page.evaluate(`document.querySelector('.entries').scrollIntoView()`)
  },
  'clear #users': async (page) => {
    await page.click('button.danger')
    await page.fill('dialog input', 'user')
  },
}

try {
  if (all === undefined) {
    for (const scheme of ['light', 'dark']) {
      const page = await open('', 1280, 1090, scheme, 1)
      await page.screenshot({
        path: fileURLToPath(new URL(`../docs/images/dashboard-${scheme}.png`, import.meta.url)),
      })
    }
  } else {
    mkdirSync(all, { recursive: true })
    for (const [name, prepare] of Object.entries(views)) {
      const [title, hash = ''] = name.split(' ')
      if (only !== undefined && !only.split(',').includes(title!)) continue
      for (const width of [1400, 400])
        for (const scheme of ['light', 'dark']) {
          const page = await open(hash, width, 900, scheme)
          await prepare(page)
          await page.waitForTimeout(200)
          await page.screenshot({
            path: join(all, `${title}-${width}-${scheme}.png`),
            fullPage: title !== 'entries' && title !== 'clear',
          })
          await page.close()
        }
    }
  }
} finally {
  await browser.close()
  server.closeAllConnections()
  server.close()
}
