import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Format } from 'esbuild'
import { installNode, installPackage, nodeVersions } from '../../bench/install.ts'
import { run } from '../package/run.ts'
import type { Findings } from './smoke.ts'

/** What a runtime is given: a folder in which the package is installed, and the names of its entries. */
export interface Installed {
  readonly user: string
  readonly entries: readonly string[]
}

export interface Runtime {
  /** What `--only` calls it. */
  readonly kind: string
  readonly version: string
  /** What is there to stand in the way, if anything is. */
  readonly missing?: string | undefined
  /** Whether all entries are imported there, or the core alone. */
  readonly hasEntries: boolean
  run(installed: Installed): Promise<Findings> | Findings
}

const versions = { bun: '1.4.5', deno: '2.9.5', miniflare: '4.20260730.0', 'playwright-core': '1.65.1' }

const platform = process.platform === 'win32' ? 'windows' : process.platform
const exe = process.platform === 'win32' ? '.exe' : ''
const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium'

export const runtimes: readonly Runtime[] = [
  ...Object.entries(nodeVersions).map(([major, version]) => ({
    kind: 'node',
    version,
    hasEntries: true,
    run: (installed: Installed) => runProcess(installNode(major), [], installed),
  })),
  {
    kind: 'bun',
    version: versions.bun,
    hasEntries: true,
    run: (installed) => runProcess(bun(), [], installed),
  },
  {
    kind: 'deno',
    version: versions.deno,
    hasEntries: true,
    run: (installed) =>
      runProcess(deno(), ['run', '--allow-all', '--no-lock', '--node-modules-dir=manual'], installed),
  },
  { kind: 'workerd', version: `miniflare ${versions.miniflare}`, hasEntries: false, run: runWorkerd },
  {
    kind: 'chromium',
    version: `playwright-core ${versions['playwright-core']}`,
    hasEntries: false,
    missing: existsSync(chromium)
      ? undefined
      : `there is no ${chromium}: install Chromium (apt-get install chromium), or set CHROMIUM to its path`,
    run: runChromium,
  },
]

/** The program as it is, with the installed package beside it; then the command that comes with the package. */
async function runProcess(
  binary: string,
  flags: readonly string[],
  { user, entries }: Installed,
): Promise<Findings> {
  const program = await bundle('on-process.ts', user, 'esm', true)
  const findings = JSON.parse(run(binary, [...flags, program, ...entries], user)) as Findings
  const command = join(user, 'node_modules/nearcache/dist/cli/main.js')
  const help = run(binary, [...flags, command, '--help'], user)
  if (!help.startsWith('Usage: nearcache')) findings.failures.push(`nearcache --help says ${help}`)
  return findings
}

async function runWorkerd({ user }: Installed): Promise<Findings> {
  const miniflare = new URL('miniflare/dist/src/index.js', installed('miniflare')).href
  const worker = await bundle('on-workerd.ts', user, 'esm')
  const program = fileURLToPath(new URL('workerd.ts', import.meta.url))
  // miniflare needs a later Node than nearcache.
  return JSON.parse(run(installNode('24'), [program, miniflare, worker], user))
}

interface Page {
  addScriptTag(script: { path: string }): Promise<unknown>
  evaluate(expression: string): Promise<unknown>
}

interface Browser {
  newPage(): Promise<Page>
  close(): Promise<void>
}

async function runChromium({ user }: Installed): Promise<Findings> {
  const playwright = new URL('playwright-core/index.mjs', installed('playwright-core')).href
  const { chromium: launcher } = (await import(playwright)) as {
    chromium: { launch(options: object): Promise<Browser> }
  }
  const browser = await launcher.launch({ executablePath: chromium, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    await page.addScriptTag({ path: await bundle('smoke.ts', user, 'iife') })
    return (await page.evaluate('nearcacheSmoke.smoke()')) as Findings
  } finally {
    await browser.close()
  }
}

/** A program of this folder in one file: with the package that the user installed in it, or importing it. */
async function bundle(file: string, user: string, format: Format, importing = false): Promise<string> {
  const outfile = join(user, file.replace(/\.ts$/, format === 'esm' ? '.mjs' : '.js'))
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    write: false,
    format,
    globalName: 'nearcacheSmoke',
    target: 'es2022',
    platform: importing ? 'node' : 'browser',
    external: importing ? ['nearcache', 'nearcache/*'] : [],
    nodePaths: [join(user, 'node_modules')],
    logLevel: 'error',
  })
  writeFileSync(outfile, outputFiles[0]!.contents)
  return outfile
}

function installed(name: keyof typeof versions): URL {
  return installPackage(name, versions[name])
}

function bun(): string {
  const arch = process.arch === 'arm64' ? 'aarch64' : process.arch
  return fileURLToPath(new URL(`@oven/bun-${platform}-${arch}/bin/bun${exe}`, installed('bun')))
}

function deno(): string {
  const name = `${process.platform}-${process.arch}${process.platform === 'linux' ? '-glibc' : ''}`
  return fileURLToPath(new URL(`@deno/${name}/deno${exe}`, installed('deno')))
}
