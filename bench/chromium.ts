import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installPackage } from './install.ts'

/** The version of playwright-core that drives Chromium. */
export const playwright = '1.65.1'

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
const unpacked = fileURLToPath(new URL('../.cache/chromium/', import.meta.url))

/** Where a Chromium is: that of CHROMIUM, else of PATH, else one unpacked into .cache/. Undefined where there is none. */
export function findChromium(): string | undefined {
  const { CHROMIUM, PATH = '' } = process.env
  if (CHROMIUM !== undefined) return existsSync(CHROMIUM) ? CHROMIUM : undefined
  const places = [...PATH.split(delimiter), '/usr/bin'].flatMap((folder) =>
    names.map((name) => join(folder, name)),
  )
  return [...places, join(unpacked, 'usr/lib/chromium/chromium')].find((path) => existsSync(path))
}

/** Finds a Chromium, or unpacks that of Debian with what it needs into .cache/, for which nobody has to be root. Undefined where neither works. */
export function installChromium(): string | undefined {
  const found = findChromium()
  if (found !== undefined || process.platform !== 'linux') return found
  try {
    mkdirSync(unpacked, { recursive: true })
    console.error('Unpacking Chromium into .cache/chromium/, once …')
    // What would be installed, whether or not it lies ready somewhere or is said to be there already.
    const args = ['install', '--simulate', '--reinstall', '--no-install-recommends', 'chromium']
    const listed = execFileSync('apt-get', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    const packages = [...listed.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name!)
    execFileSync('apt-get', ['download', '-qq', ...packages], {
      cwd: unpacked,
      stdio: 'ignore',
      timeout: 600_000,
    })
    for (const file of readdirSync(unpacked).filter((name) => name.endsWith('.deb'))) {
      execFileSync('dpkg', ['-x', file, '.'], { cwd: unpacked, stdio: 'ignore' })
      rmSync(join(unpacked, file))
    }
  } catch {
    rmSync(unpacked, { recursive: true, force: true })
  }
  return findChromium()
}

/** A browser, by playwright-core, which is installed into .cache/ if it is not there yet. */
export async function launchChromium<Browser>(executablePath: string): Promise<Browser> {
  const module = new URL('playwright-core/index.mjs', installPackage('playwright-core', playwright)).href
  const { chromium } = (await import(module)) as { chromium: { launch(options: object): Promise<Browser> } }
  const libraries = join(unpacked, 'usr/lib/x86_64-linux-gnu')
  // That of PulseAudio has a part of its own, which it looks for where it would be installed.
  const searched = [libraries, join(libraries, 'pulseaudio')].join(delimiter)
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox'],
    ...(executablePath.startsWith(unpacked) && { env: { ...process.env, LD_LIBRARY_PATH: searched } }),
  })
}
