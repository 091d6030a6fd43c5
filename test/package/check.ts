/**
 * Checks the package as users receive it: packs it, installs the tarball into an empty folder and looks at
 * everything from there. `npm run check:package -- --update` accepts the exported names and the
 * sizes as they are now.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkNames } from './names.ts'
import { checkShaking, checkSizes } from './size.ts'
import {
  checkFiles,
  checkManifest,
  checkResolution,
  install,
  installBesideOtherHosts,
  pack,
} from './tarball.ts'
import { checkLoading, checkSharing, checkTypes } from './user.ts'

const update = process.argv.includes('--update')
const failures: string[] = []

/** Runs one check. It gives back a remark for the report, or throws an error whose message says what is wrong. */
async function step(title: string, check: () => string | Promise<string>): Promise<boolean> {
  process.stdout.write(title.padEnd(36))
  const start = performance.now()
  try {
    const remark = await check()
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(`ok  ${seconds.padStart(4)} s  ${remark.trim().replaceAll('\n', `\n${' '.repeat(48)}`)}`)
    return true
  } catch (error) {
    console.log('FAILED')
    console.log((error instanceof Error ? error.message : String(error)).replaceAll(/^/gm, '    '))
    failures.push(title)
    return false
  }
}

const folder = mkdtempSync(join(tmpdir(), 'nearcache-package-'))
try {
  if (await step('pack', () => pack(folder))) {
    await step('files in the tarball', () => checkFiles(folder))
    await step('manifest (publint)', () => checkManifest(folder))
    await step('types resolve (attw)', () => checkResolution(folder))
    await step('install beside other hosts', () => installBesideOtherHosts(folder))
    if (await step('install into an empty folder', () => install(folder))) {
      await step('import and require each entry', () => checkLoading(folder))
      await step('both forms share their state', () => checkSharing(folder))
      await step('exported names', () => checkNames(folder, update))
      await step('a user compiles with node16', () => checkTypes(folder, 'node16'))
      await step('a user compiles with nodenext', () => checkTypes(folder, 'nodenext'))
      await step('a user compiles with bundler', () => checkTypes(folder, 'bundler'))
      await step('unused parts are shaken off', () => checkShaking(folder))
      await step('size of each entry, bundled', () => checkSizes(folder, update))
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

console.log(failures.length === 0 ? '\nThe package is fine.' : `\nFailed: ${failures.join(', ')}.`)
process.exitCode = failures.length === 0 ? 0 : 1
