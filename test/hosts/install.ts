import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'

/**
 * Installs what nearcache is tested in and behind, unless that has happened since its lock file last changed.
 * Programs in this folder that run on the built package find it as `nearcache`, like those of a user.
 */
export default function installHosts(): void {
  const lock = readFileSync(new URL('package-lock.json', import.meta.url))
  const stamp = new URL('node_modules/.installed-lock.json', import.meta.url)
  if (existsSync(stamp) && readFileSync(stamp).equals(lock)) return
  console.log(
    'Installing the frameworks and libraries to test with, once, in about a minute (test/hosts/package.json) …',
  )
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: new URL('./', import.meta.url),
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  const nearcache = new URL('node_modules/nearcache/', import.meta.url)
  mkdirSync(nearcache)
  symlinkSync(new URL('../../package.json', import.meta.url), new URL('package.json', nearcache))
  symlinkSync(new URL('../../dist', import.meta.url), new URL('dist', nearcache), 'junction')
  writeFileSync(stamp, lock)
}
