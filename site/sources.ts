import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the repository, with a slash at its end. */
export const root: string = fileURLToPath(new URL('../', import.meta.url))

/** Every page, by its path in the repository: the path that it has on the site. The README is the home page. */
export function sitePages(): Map<string, string> {
  const pages = new Map([
    ['bench/README.md', 'project/measuring.md'],
    ['bench/goals.md', 'project/goals.md'],
  ])
  for (const path of readdirSync(root))
    if (path.endsWith('.md')) pages.set(path, `project/${path.toLowerCase()}`)
  pages.set('README.md', 'index.md')
  for (const path of readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' }))
    if (path.endsWith('.md') && !path.startsWith('benchmarks/quick/'))
      pages.set(`docs/${path}`, path === 'README.md' ? 'contents.md' : indexed(path))
  for (const folder of ['', ...readdirSync(`${root}examples`).map((name) => `${name}/`)]) {
    const path = `examples/${folder}README.md`
    if (existsSync(root + path)) pages.set(path, indexed(path))
  }
  return pages
}

function indexed(path: string): string {
  return path.replace(/README\.md$/, 'index.md')
}

/** An entry of the package as it is imported, its source, and its page among those of the API. */
export interface Entry {
  readonly name: string
  readonly file: string
  readonly page: string
}

export function entriesOfPackage(): Entry[] {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    exports: Record<string, { default: string }>
  }
  return Object.entries(exports)
    .filter(([path]) => path !== './package.json')
    .map(([path, { default: built }]) => {
      const name = path.slice(2)
      const file = built.replace('./dist/', '').replace(/\.js$/, '.ts')
      return { name: posix.join('nearcache', name), file, page: name === '' ? 'core.md' : `${name}.md` }
    })
}
