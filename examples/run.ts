/** Installs and runs the examples that have a manifest of their own, as a reader would: `npm run examples`, `-- --only nest`. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const here = fileURLToPath(new URL('./', import.meta.url))
const all = readdirSync(here).filter((name) => existsSync(`${here}${name}/package.json`))
const { only = all } = parseArgs({ options: { only: { type: 'string', multiple: true } } }).values
const unknown = only.find((name) => !all.includes(name))
if (unknown !== undefined) throw new Error(`--only ${unknown}: expected one of ${all.join(', ')}`)

for (const name of only) {
  console.log(`\n== ${name}`)
  const cwd = here + name
  const shell = process.platform === 'win32'
  execFileSync('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    shell,
    stdio: 'inherit',
  })
  execFileSync('npm', ['--silent', 'start'], { cwd, shell, stdio: 'inherit', timeout: 180_000 })
}
if (only === all) {
  console.log('\n== types')
  execFileSync(`${here}../node_modules/.bin/tsc`, ['-p', here], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
}
console.log(`\n${only.length} examples ran`)
