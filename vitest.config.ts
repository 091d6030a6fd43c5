import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = new URL('./', import.meta.url)
const { name, exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))

// Inside the repository `nearcache` and `nearcache/<entry>` mean the sources, so tests need no build.
const entries = Object.entries<{ default?: string }>(exports).flatMap(([entry, { default: file }]) =>
  file === undefined
    ? []
    : [
        {
          find: new RegExp(`^${entry.replace('.', name)}$`),
          replacement: fileURLToPath(
            new URL(file.replace('./dist/', './src/').replace(/\.js$/, '.ts'), root),
          ),
        },
      ],
)

export default defineConfig({
  resolve: { alias: entries },
  test: {
    include: ['test/**/*.test.ts'],
    typecheck: {
      enabled: true,
      include: ['test/types/**/*.test-d.ts'],
      tsconfig: 'test/types/tsconfig.json',
    },
  },
})
