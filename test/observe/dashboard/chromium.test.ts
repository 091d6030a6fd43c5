import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Cache } from 'nearcache'
import { dashboard } from 'nearcache/dashboard/node'
import { TieredCache } from 'nearcache/tiered'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { installChromium, launchChromium } from '../../../bench/chromium.ts'
import { installPackage } from '../../../bench/install.ts'
import type { DashboardOptions } from '../../../src/observe/dashboard/options.ts'
import { health } from '../../../src/observe/health.ts'
import { hostile } from './support.ts'

interface Page {
  goto(url: string): Promise<unknown>
  on(event: string, listener: (what: never) => void): void
  addInitScript(script: string): Promise<void>
  evaluate<T>(expression: string): Promise<T>
  waitForSelector(selector: string, options?: { state?: string }): Promise<unknown>
  click(selector: string): Promise<void>
  fill(selector: string, text: string): Promise<void>
  textContent(selector: string): Promise<string>
  close(): Promise<void>
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> }
}

interface Browser {
  newPage(options: object): Promise<Page>
  close(): Promise<void>
}

/** What is seen of a page. */
interface Drawn {
  readonly texts: string[]
  readonly overlapping: string[]
  readonly cut: string[]
  readonly small: string[]
  /** The parts of the page, with the sides of their boxes. */
  readonly sections: string[]
  readonly paper: string
  readonly ink: string
}

/** Runs in the page. */
function look(): Drawn {
  const { document, getComputedStyle } = globalThis as never as {
    document: { body: Seen; querySelectorAll(selector: string): Iterable<Seen> }
    getComputedStyle(element: Seen): Record<string, string>
  }
  interface Seen {
    readonly childNodes: Iterable<{ nodeType: number; textContent: string }>
    readonly textContent: string
    readonly className: unknown
    readonly tagName: string
    readonly scrollWidth: number
    readonly clientWidth: number
    closest(selector: string): Seen | null
    contains(other: Seen): boolean
    checkVisibility(): boolean
    getBoundingClientRect(): { left: number; right: number; top: number; bottom: number; width: number }
  }
  const isHidden = (one: Seen): boolean =>
    !one.checkVisibility() ||
    one.closest('.unseen, .skip, thead, dialog, select, [aria-hidden=true]') !== null
  const all = [...document.querySelectorAll('main *, header *')].filter((one) => !isHidden(one))
  const leaves = all.filter((one) =>
    [...one.childNodes].some(({ nodeType, textContent }) => nodeType === 3 && textContent.trim() !== ''),
  )
  const boxes = leaves.map((one) => ({ one, box: one.getBoundingClientRect() }))
  const overlapping: string[] = []
  for (const [i, a] of boxes.entries())
    for (const b of boxes.slice(i + 1)) {
      if (a.one.contains(b.one) || b.one.contains(a.one)) continue
      const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left)
      const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top)
      // What scrolls within its own window may lie behind what stands below that.
      const areApart = a.one.closest('.scroll') !== b.one.closest('.scroll')
      if (across > 2 && down > 3 && !areApart) overlapping.push(`${a.one.textContent} / ${b.one.textContent}`)
    }
  const clips = all.filter((one) => /hidden|clip/.test(getComputedStyle(one).overflowX!))
  return {
    texts: leaves.map(({ textContent }) => textContent),
    overlapping,
    cut: clips
      .filter((one) => one.scrollWidth > one.clientWidth + 1)
      .map((one) => `${one.tagName} ${String(one.className)}`),
    small: leaves
      .filter((one) => Number.parseFloat(getComputedStyle(one).fontSize!) < 12)
      .map(({ textContent }) => textContent),
    sections: [...document.querySelectorAll('main section, main figure, header > *')].map((one) => {
      const { left, width } = one.getBoundingClientRect()
      const isFixed = one.className !== 'where' // it tells since when the process runs
      return `${one.tagName} ${String(one.className)} ${Math.round(left)} ${isFixed && Math.round(width)}`
    }),
    paper: getComputedStyle(document.body).backgroundColor!,
    ink: getComputedStyle(document.body).color!,
  }
}

/** Waits until something holds in the page, whose policy keeps Playwright's own way of waiting out. */
async function until(page: Page, expression: string, limit = 20_000): Promise<void> {
  const end = performance.now() + limit
  while (!(await page.evaluate<boolean>(`Boolean(${expression})`))) {
    if (performance.now() > end) throw new Error(`after ${limit} ms there is still not: ${expression}`)
    await setTimeout(30)
  }
}

const chromium = installChromium()
const what =
  chromium === undefined
    ? 'SKIPPED, THERE IS NO CHROMIUM (install one, or set CHROMIUM to its path): the page'
    : 'the page'

test.runIf(chromium === undefined && process.env.CI !== undefined)('CI has a Chromium', () => {
  expect(chromium).toBeDefined()
})

describe.skipIf(chromium === undefined)(`38. ${what}`, { timeout: 120_000 }, () => {
  const browser = chromium === undefined ? undefined : launchChromium<Browser>(chromium)
  afterAll(async () => (await browser)?.close())
  const ends: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
  })

  async function listen(listener: RequestListener, port = 0): Promise<Server> {
    const server = createServer(listener).listen(port, '127.0.0.1')
    await once(server, 'listening')
    ends.push(() => {
      server.closeAllConnections()
      server.close()
    })
    return server
  }

  const portOf = (server: Server): number => (server.address() as AddressInfo).port

  function made<V>(options: ConstructorParameters<typeof Cache<string, V>>[0]): Cache<string, V> {
    const cache = new Cache<string, V>(options)
    ends.push(() => cache.close())
    return cache
  }

  /** A page in a window of its own, and all that it has asked for and objected to. */
  async function open(url: string, { width = 1280, colorScheme = 'light' } = {}) {
    const page = await (await browser!).newPage({ viewport: { width, height: 900 }, colorScheme })
    const requests: string[] = []
    const troubles: string[] = []
    page.on('request', (request: { url(): string }) => requests.push(request.url()))
    page.on('pageerror', (error: Error) => troubles.push(String(error.stack)))
    page.on('dialog', (dialog: { message(): string; dismiss(): Promise<void> }) => {
      troubles.push(`a dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    await page.addInitScript(
      `window.violations = []; addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective + ' ' + event.blockedURI))`,
    )
    await page.goto(url)
    await page.waitForSelector('main h1')
    return { page, requests, troubles }
  }

  async function served(options: Partial<DashboardOptions> = {}): Promise<string> {
    return `http://localhost:${portOf(await listen(dashboard({ authorise: () => true, ...options })))}/`
  }

  test('shows that hits rise, within three seconds', async () => {
    const cache = made<number>({ name: 'rising' })
    cache.set('k', 1)
    const { page } = await open(await served())
    await until(page, `document.querySelector('[href="#rising"]')`)
    for (let i = 0; i < 6000; i++) cache.get('k')
    await until(
      page,
      `[...document.querySelectorAll('tr.cache')].some((row) => row.textContent.includes('rising') && row.textContent.includes('100 %'))`,
      3000,
    )
  })

  test('unfolds namespaces, sorts and filters, and says so to screen readers', async () => {
    const cache = made<number>({ name: 'unfolding' })
    made({ name: 'another' })
    cache.namespace<string, number>('inner').set('k', 1)
    const { page } = await open(await served())
    await page.click('[aria-label="Namespaces of unfolding"]')
    await page.waitForSelector('tr.space')
    expect(await page.textContent('tr.space')).toMatch('inner')
    expect(await page.evaluate(`document.querySelector('.unfold').getAttribute('aria-expanded')`)).toBe(
      'true',
    )
    await page.click('th.name button')
    await page.waitForSelector('th.name[aria-sort="ascending"]')
    await page.click('th.name button')
    await page.waitForSelector('th.name[aria-sort="descending"]')
    await page.fill('.filter input', 'ANOTH')
    await until(page, `document.querySelectorAll('tr.cache').length === 1`)
  })

  test('shows 200 caches', async () => {
    for (let i = 0; i < 200; i++) made({ name: `cache number ${i}` })
    const { page, troubles } = await open(await served())
    await until(page, `document.querySelectorAll('tr.cache').length === 200`)
    await page.click('.windows button:last-child')
    await page.waitForSelector('.windows button:last-child[aria-pressed="true"]')
    expect(troubles).toEqual([])
  })

  test('tells processes behind one address apart, and draws none from the figures of another', async () => {
    const cache = made<number>({ name: 'shared-name' })
    for (let i = 0; i < 100; i++) cache.get('none')
    const other = fork(fileURLToPath(new URL('other-process.ts', import.meta.url)), {
      execArgv: ['--import', 'tsx'],
    })
    ends.push(() => other.kill())
    const [port] = (await once(other, 'message')) as [number]
    const own = dashboard({ authorise: () => true })
    let turn = 0
    const shared = await listen((request, response) => {
      if (!request.url!.startsWith('/state') || turn++ % 2 === 0) {
        own(request, response)
        return
      }
      void fetch(`http://127.0.0.1:${port}${request.url}`).then(async (answer) => {
        response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
      })
    })
    const { page } = await open(`http://localhost:${portOf(shared)}/`)
    await until(page, `document.querySelectorAll('.process').length === 2`)
    const pids = await page.evaluate<string[]>(
      `[...document.querySelectorAll('.process b')].map((one) => one.textContent)`,
    )
    expect(pids.sort()).toEqual([String(process.pid), String(other.pid)].sort())
    const ratio = (): Promise<string> =>
      page.evaluate(
        `[...document.querySelectorAll('tr.cache')].find((row) => row.textContent.includes('shared-name')).querySelector('td.ratio b').textContent`,
      )
    for (const [pid, expected] of [
      [process.pid, '0 %'],
      [other.pid, '–'],
    ] as const) {
      await page.evaluate(
        `[...document.querySelectorAll('.process')].find((one) => one.textContent.startsWith('${pid}')).click()`,
      )
      await until(
        page,
        `[...document.querySelectorAll('.process')].find((one) => one.textContent.startsWith('${pid}')).getAttribute('aria-pressed') === 'true'`,
      )
      expect(await ratio()).toBe(expected)
    }
    expect(await page.textContent('.where')).toMatch('2 of 2 seen')
  })

  test('asks for nothing elsewhere, and nothing is kept from it', async () => {
    const cache = made<number>({ name: 'strict' })
    cache.set('k', 1)
    const url = await served({ actions: true, values: true })
    const { page, requests, troubles } = await open(`${url}#strict`)
    await page.click('.entries button')
    await page.waitForSelector('.entries tbody tr')
    await page.click('.entries td.acts button')
    await page.waitForSelector('.value pre')
    await page.click('button.danger')
    await page.waitForSelector('dialog[open]')
    expect(requests.filter((one) => !one.startsWith(url) && !one.startsWith('data:image/svg+xml,'))).toEqual(
      [],
    )
    expect(await page.evaluate('violations')).toEqual([])
    expect(await page.evaluate(`document.querySelectorAll('[style], style, script:not([src])').length`)).toBe(
      0,
    )
    expect(troubles).toEqual([])
  })

  test('has no buttons for actions by default, nor ways to see values', async () => {
    made<number>({ name: 'only-shown' }).set('k', 1)
    const { page } = await open(`${await served()}#only-shown`)
    await page.click('.entries button')
    await page.waitForSelector('.entries tbody tr')
    const buttons = await page.evaluate<string[]>(
      `[...document.querySelectorAll('main button')].map((one) => one.textContent)`,
    )
    expect(buttons.filter((text) => /delete|clear|show|change/i.test(text))).toEqual([])
  })

  test('cannot be made to act by a page of another origin', async () => {
    const cache = made<number>({ name: 'defended' })
    cache.set('k', 1)
    const url = await served({ actions: true })
    const evil = await listen((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<main><h1>evil</h1></main>'),
    )
    const { page } = await open(`http://127.0.0.1:${portOf(evil)}/`)
    const body = JSON.stringify({ action: 'clear', cache: 'defended', confirm: 'defended' })
    for (const init of [
      { method: 'POST', body, headers: { 'content-type': 'application/json', 'nearcache-action': '1' } },
      { method: 'POST', body, mode: 'no-cors', headers: { 'content-type': 'text/plain' } },
      { method: 'POST', body, mode: 'no-cors' },
    ]) {
      const outcome = await page.evaluate<string>(
        `fetch(${JSON.stringify(`${url}action`)}, ${JSON.stringify(init)}).then((response) => response.type, () => 'failed')`,
      )
      expect(outcome).toMatch(/^(failed|opaque)$/)
    }
    expect(cache.get('k')).toBe(1)
  })

  test('35. shows what comes from the application as text, and acts on just that', async () => {
    const url = await served({ actions: true, values: true })
    for (const text of hostile) {
      const cache = made<unknown>({ name: text, maxEntries: 100 })
      cache.namespace<string, unknown>(text).set(text, text, { tags: [text.slice(0, 500)] })
      cache.set(text, { [text]: text }, { tags: [text.slice(0, 500)] })
      const { page, troubles } = await open(`${url}#${encodeURIComponent(JSON.stringify(text).slice(1, -1))}`)
      await page.waitForSelector('.entries')
      expect(await page.textContent('h1')).not.toMatch('no such cache')
      await page.click('.entries button')
      await until(page, `document.querySelectorAll('.entries tbody tr').length === 2`)
      await page.click('.entries td.acts button')
      await page.waitForSelector('.value pre')
      await page.click('[href="#"].back')
      await page.waitForSelector('tr.cache')
      expect(
        await page.evaluate(
          `document.querySelectorAll('img, iframe, main script, [onerror], [onmouseover]').length`,
        ),
      ).toBe(0)
      // What turns text around is told by its number.
      expect(
        await page.evaluate(
          `/[\\u202a-\\u202e\\u2066-\\u2069\\u200e\\u200f]/.test(document.body.textContent)`,
        ),
      ).toBe(false)
      expect([troubles, await page.evaluate('violations')]).toEqual([[], []])
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
      await page.close()
    }
  })

  test('is used by keyboard alone: an entry is found and deleted', async () => {
    const cache = made<number>({ name: 'by-keyboard' })
    for (let i = 0; i < 20; i++) cache.set(`key ${i}`, i)
    const { page } = await open(await served({ actions: ['delete'] }))
    const focus = async (matches: string): Promise<void> => {
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press('Tab')
        if (await page.evaluate<boolean>(`(() => { const e = document.activeElement; return ${matches} })()`))
          return
      }
      throw new Error(`nothing with ${matches} is reached by Tab`)
    }
    await focus(`e.getAttribute('href') === '#by-keyboard'`)
    await page.keyboard.press('Enter')
    await page.waitForSelector('.entries')
    await focus(`e.matches('.entries input')`)
    await page.keyboard.type('key 17')
    await until(page, `document.querySelectorAll('.entries tbody tr').length === 1`)
    await focus(`e.getAttribute('aria-label') === 'Delete key 17'`)
    expect(await page.evaluate(`getComputedStyle(document.activeElement).outlineStyle`)).toBe('solid')
    await page.keyboard.press('Enter')
    await until(page, `document.querySelector('[role=status]').textContent.includes('Deleted key 17')`)
    expect([cache.has('key 17'), cache.size]).toEqual([false, 19])
  })

  test('says that nobody answers, and goes on when the server is back', async () => {
    made({ name: 'coming-back' })
    const listener = dashboard({ authorise: () => true })
    const server = await listen(listener)
    const port = portOf(server)
    const { page, troubles } = await open(`http://localhost:${port}/`)
    server.closeAllConnections()
    server.close()
    await page.waitForSelector('[role=alert]')
    expect(await page.textContent('[role=alert]')).toMatch('The server does not answer.')
    await listen(listener, port)
    await page.waitForSelector('.pulse.live')
    await page.waitForSelector('[role=alert]', { state: 'detached' })
    expect(troubles).toEqual([])
  })

  test('34. shows the keys that are read most and missed most, while they are read', async () => {
    const cache = made<number>({ name: 'sampled' })
    cache.set('hot', 1)
    const { page } = await open(`${await served()}#sampled`)
    await page.waitForSelector('.pair')
    expect(await page.textContent('main')).toMatch('One read in 64 is looked at while this page is open.')
    for (let i = 0; i < 20_000; i++) {
      cache.get('hot')
      cache.get(i % 2 === 0 ? 'gone' : `cold ${i}`)
    }
    await page.waitForSelector('.keys')
    const tables = await page.evaluate<string[]>(
      `[...document.querySelectorAll('.keys')].map((one) => one.caption.textContent + ': ' + one.tBodies[0].textContent)`,
    )
    expect(tables[0]).toMatch(/^Reads that found a value, by key: hot(4|5)\d\.\d %$/)
    expect(tables[1]).toMatch(/^Reads that found none, by key: gone(2|3)\d\.\d %$/)
  })

  test('32. tells the age, the standing and the bytes of entries', async () => {
    const cache = made<number>({ name: 'told', maxEntries: 100, ttl: '1h' })
    for (let i = 0; i < 100; i++) cache.set(`first ${i}`, i)
    for (let round = 0; round < 4; round++) for (let i = 0; i < 50; i++) cache.get(`first ${i}`)
    for (let i = 0; i < 60; i++) cache.set(`later ${i}`, i)
    const { page } = await open(`${await served()}#told`)
    const row = async (key: string): Promise<string> => {
      await page.fill('.entries input', key)
      await until(
        page,
        `document.querySelector('.entries tbody')?.textContent.startsWith(${JSON.stringify(key)})`,
      )
      return page.textContent('.entries tbody tr')
    }
    expect(await row('first 0')).toMatch(/^first 00:\d\d(59:\d\d|1:00:00)frequent1\d\d B$/)
    expect(await row('later 59')).toMatch(/^later 590:\d\d(59:\d\d|1:00:00)recent1\d\d B$/)
    expect(
      await page.evaluate<string[]>(
        `[...document.querySelectorAll('.entries thead th')].map((one) => one.textContent)`,
      ),
    ).toEqual(['Key', 'Age', 'Left', 'Standing', 'Bytes'])
  })

  test('deletes an entry of a tiered cache everywhere, and says so', async () => {
    const entries = new Map<string, Uint8Array>()
    const remote = {
      get: async (key: string) => entries.get(key),
      set: async (key: string, value: Uint8Array) => void entries.set(key, value),
      delete: async (keys: readonly string[]) => keys.forEach((key) => void entries.delete(key)),
    }
    const cache = new TieredCache<string, number>({ name: 'in-two-tiers', remote })
    ends.push(() => cache.close())
    await cache.namespace<string, number>('inner').set('k', 1)
    const { page } = await open(`${await served({ actions: true })}#tiered:in-two-tiers`)
    await page.click('.entries button')
    await page.waitForSelector('.entries tbody tr')
    expect(await page.textContent('.entries tbody th')).toBe('inner / k')
    await page.click('.entries td.acts button')
    await until(
      page,
      `document.querySelector('[role=status]').textContent.includes('In the second tier too')`,
    )
    expect(await cache.namespace<string, number>('inner').lookup('k')).toBeUndefined()
  })

  test('84. says for how long a second tier, or a bus, is away', async () => {
    let now = 1e6
    const lost = (): Promise<never> => Promise.reject(new Error('away'))
    const bus = { send: lost, listen: async () => () => {} }
    for (const [name, remote, what] of [
      ['tier-away', { get: lost, set: lost, delete: lost }, 'second tier'],
      ['bus-down', bus, 'bus'],
    ] as const) {
      const cache = new TieredCache<string, number>({
        ...{ name, remote, clock: () => now, writeTimeout: 1, closeTimeout: 1, onError() {} },
      })
      ends.push(() => cache.close())
      const { page } = await open(`${await served()}#tiered:${name}`)
      expect(await page.textContent('main')).not.toMatch(/Away for|has not answered/)
      await vi.waitFor(async () => {
        await cache.delete('k')
        expect(health(cache).bus).toMatchObject({ down: true })
      })
      now += 180_000
      const { down, downFor } = health(cache).bus!
      expect([down, downFor! >= 180_000]).toEqual([true, true])
      await until(
        page,
        `document.querySelector('main').textContent.includes('The ${what} has not answered for 3 min')`,
      )
      await until(
        page,
        `[...document.querySelectorAll('.facts div')].some((one) => one.textContent.includes('Away for') && one.textContent.includes('3 min'))`,
      )
      await page.goto(await served())
      await until(page, `document.body.textContent.includes('${what} away for 3 min')`)
    }
  })

  // Pictures that are compared pixel by pixel would hold for one version of Chromium and one set of fonts. What has to hold with any is
  // what people would see in them.
  test('38. is drawn with nothing over anything else, cut off or too small, alike in light and dark, narrow and wide', async () => {
    const cache = made<number>({ name: 'drawn', maxEntries: 100 })
    for (let i = 0; i < 300; i++)
      cache.set(`a key that is rather long, as keys of applications are ${i}`, i, { tags: ['one', 'two'] })
    cache.namespace<string, number>('inner').set('k', 1)
    const url = await served({ actions: true, values: true })
    for (const view of ['', '#drawn'])
      for (const width of [390, 1280]) {
        const drawn: Record<string, Drawn> = {}
        for (const colorScheme of ['light', 'dark']) {
          const { page } = await open(url + view, { width, colorScheme })
          if (view !== '') {
            for (let i = 0; i < 2000; i++) cache.get('a key that is asked for and is not there')
            await page.waitForSelector('.keys')
            await page.click('.entries .head button')
            await page.waitForSelector('.entries tbody tr')
          }
          drawn[colorScheme] = await page.evaluate<Drawn>(`(${look})()`)
          await page.close()
        }
        const { light, dark } = drawn as { light: Drawn; dark: Drawn }
        const where = `${view}, ${width} px`
        for (const one of [light, dark]) {
          expect(one.overlapping, where).toEqual([])
          expect(one.cut, where).toEqual([])
          expect(one.small, where).toEqual([])
          expect(one.texts.length, where).toBeGreaterThan(20)
        }
        // The same boxes in other colours.
        expect(dark.sections, where).toEqual(light.sections)
        expect(dark.paper, where).not.toBe(light.paper)
        expect(dark.ink, where).not.toBe(light.ink)
      }
  })

  test('37. has nothing for axe to object to and is no wider than its screen, in light and dark, narrow and wide', async () => {
    const axe = readFileSync(new URL('axe-core/axe.min.js', installPackage('axe-core', '4.13.0')), 'utf8')
    const cache = made<number>({ name: 'looked-at', maxEntries: 100 })
    for (let i = 0; i < 300; i++) cache.set(`key ${i}`, i, { tags: ['one'] })
    cache.namespace<string, number>('inner').set('k', 1)
    for (let i = 0; i < 5; i++)
      await cache.getOrLoad('broken', () => Promise.reject(new Error('no'))).catch(() => {})
    const url = await served({ actions: true, values: true })
    for (const width of [390, 1280])
      for (const colorScheme of ['light', 'dark'])
        for (const view of ['', '#looked-at', '#none']) {
          const { page } = await open(url + view, { width, colorScheme })
          if (view === '#looked-at') {
            await page.click('.entries .head button')
            await page.waitForSelector('.entries tbody tr')
            await page.evaluate(`document.querySelectorAll('details').forEach((one) => { one.open = true })`)
          } else if (view === '') await page.click('.unfold')
          const where = `${view}, ${width} px, ${colorScheme}`
          expect(
            await page.evaluate('document.documentElement.scrollWidth - innerWidth'),
            where,
          ).toBeLessThanOrEqual(0)
          await page.evaluate(axe)
          const found = await page.evaluate<string[]>(
            `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html.slice(0, 160) + ' ' + failureSummary.slice(0, 200)).slice(0, 3).join(' | ')))`,
          )
          expect(found, where).toEqual([])
          await page.close()
        }
  })
})
