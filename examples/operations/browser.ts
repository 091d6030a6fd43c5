import { installChromium, launchChromium } from '../../bench/chromium.ts'

interface Page {
  goto(url: string): Promise<unknown>
  waitForSelector(selector: string): Promise<unknown>
  screenshot(options: { path: string; fullPage: boolean }): Promise<unknown>
  close(): Promise<void>
}

interface Browser {
  newPage(options: object): Promise<Page>
  close(): Promise<void>
}

/** Takes pictures of the dashboard. */
export class Camera {
  private readonly browser: Browser

  private constructor(browser: Browser) {
    this.browser = browser
  }

  /** Undefined where there is no Chromium. */
  static async open(): Promise<Camera | undefined> {
    const path = installChromium()
    return path === undefined ? undefined : new Camera(await launchChromium<Browser>(path))
  }

  async take(url: string, path: string, colorScheme: 'light' | 'dark'): Promise<void> {
    const page = await this.browser.newPage({ colorScheme, viewport: { width: 1280, height: 800 } })
    try {
      await page.goto(url)
      // The figures of a minute are there once the page has asked for them twice.
      await page.waitForSelector('table tbody tr')
      await new Promise((resolve) => setTimeout(resolve, 2500))
      await page.screenshot({ path, fullPage: true })
    } finally {
      await page.close()
    }
  }

  async close(): Promise<void> {
    await this.browser.close()
  }
}
