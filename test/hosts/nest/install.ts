import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('nest-11/', import.meta.url))

/** Installs the major of Nest before the one in test/hosts, if it is not there yet; the folder with its packages. */
export function installNest11(): string {
  const modules = join(folder, 'node_modules')
  if (!existsSync(join(modules, '@nestjs/core')))
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: folder,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    })
  return modules
}
