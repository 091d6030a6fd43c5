import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** Installs the frameworks that nearcache is tested in, unless that has happened since their lock file last changed. */
export default function installFrameworks(): void {
  const lock = readFileSync(new URL('package-lock.json', import.meta.url))
  const stamp = new URL('node_modules/.installed-lock.json', import.meta.url)
  if (existsSync(stamp) && readFileSync(stamp).equals(lock)) return
  console.log('Installing the frameworks to test with, once (test/frameworks/package.json) …')
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: new URL('./', import.meta.url),
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  writeFileSync(stamp, lock)
}
