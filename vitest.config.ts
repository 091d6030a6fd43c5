import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('./', import.meta.url))
const { name, exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

// In tests `nearcache` and `nearcache/<entry>` mean the sources, so tests need no build.
const entries = Object.entries<{ default: string }>(exports)
  .filter(([path]) => path !== './package.json')
  .map(([path, { default: file }]) => ({
    find: new RegExp(`^${path.replace('.', name)}$`),
    replacement: file.replace('./dist/', `${root}src/`).replace(/\.js$/, '.ts'),
  }))

export default defineConfig({
  resolve: { alias: entries },
  test: {
    include: ['test/**/*.test.ts'],
    // Machines that run tests are often busy with more than them.
    testTimeout: 30_000,
    globalSetup: ['test/hosts/install.ts'],
    typecheck: {
      enabled: true,
      include: ['test/types/**/*.test-d.ts'],
      tsconfig: 'test/types/tsconfig.json',
    },
  },
})
