import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('./', import.meta.url))

/** Installs Prisma and makes its client from the schema, unless that has happened since lock file and schema last changed. */
export function installPrisma(): void {
  const made = ['package-lock.json', 'schema.prisma']
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('')
  const stamp = join(folder, 'node_modules/.made-of')
  if (existsSync(stamp) && existsSync(join(folder, 'generated')) && readFileSync(stamp, 'utf8') === made)
    return
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  // It looks for an engine to run migrations with, which a client is made without: any program will do.
  execFileSync(process.execPath, ['node_modules/prisma/build/index.js', 'generate'], {
    cwd: folder,
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' },
    stdio: 'pipe',
  })
  writeFileSync(stamp, made)
}
