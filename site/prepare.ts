/** Writes the pages of the site to `pages/`, from those of the repository, and `llms.txt` for readers that are machines. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chapters } from './contents.ts'
import { home } from './home.ts'
import { forSite, plain } from './markdown.ts'
import { entriesOfPackage, root, sitePages } from './sources.ts'

const here = fileURLToPath(new URL('./', import.meta.url))

export function prepare(): void {
  const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  const repository = sourcesOf(manifest.repository)
  const pages = sitePages()
  // The pages of the API are made by `api.ts`, which takes longer, and stay.
  for (const name of existsSync(`${here}pages`) ? readdirSync(`${here}pages`) : [])
    if (name !== 'api') rmSync(`${here}pages/${name}`, { recursive: true })
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(`${here}pages/${path}`), { recursive: true })
    writeFileSync(`${here}pages/${path}`, text)
  }
  const onPicture = (source: string): void => {
    const name = source.replace(/^docs\//, '').replaceAll('/', '-')
    mkdirSync(`${here}pages/public/pictures`, { recursive: true })
    const file = `${here}pages/public/pictures/${name}`
    copyFileSync(root + source, file)
    if (!source.endsWith('.svg')) return
    // The site knows whether its page is light or dark, and shows through.
    writeFileSync(file, readFileSync(file, 'utf8').replace(/<rect class="paper"[^>]*>/, ''))
  }
  for (const [page, path] of pages) {
    const text = readFileSync(root + page, 'utf8')
    const body = forSite(text, { page, pages, repository, onPicture })
    write(path, page === 'README.md' ? home(body) : body)
    write(`public/${path}`, plain(text))
  }
  write('playground.md', readFileSync(`${here}playground/page.md`, 'utf8'))
  for (const name of ['logo.svg']) copyFileSync(here + name, `${here}pages/public/${name}`)
  writeFileSync(`${here}.vitepress/contents.json`, JSON.stringify(sidebar(pages), undefined, 1))
  write('public/llms.txt', llms(manifest.description, pages, manifest.homepage))
  write('public/llms-full.txt', full(pages))
}

/** The chapters as VitePress takes them, and the entries beside the pages of the API. */
function sidebar(pages: ReadonlyMap<string, string>): object {
  const docs = chapters().map(({ title, pages: list }) => ({
    text: title,
    collapsed: false,
    items: list.map(({ title, path }) => ({ text: title, link: linkOf(pages.get(path)!) })),
  }))
  const project = ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'RELEASING.md', 'CHANGELOG.md', 'SECURITY.md']
  const items = project
    .filter((path) => pages.has(path))
    .map((path) => ({ text: titleOf(path), link: linkOf(pages.get(path)!) }))
  const examples = [...pages]
    .filter(([page]) => page.startsWith('examples/'))
    .map(([page, path]) => ({ text: titleOf(page), link: linkOf(path) }))
  const api = entriesOfPackage().map(({ name, page }) => ({ text: name, link: linkOf(`api/${page}`) }))
  return {
    '/api/': [{ text: 'API', items: api }],
    '/': [
      ...docs,
      { text: 'Examples', collapsed: false, items: examples },
      { text: 'The project', collapsed: true, items },
    ],
  }
}

/** An index for language models (llmstxt.org): each page with what it is about, as Markdown. */
function llms(summary: string, pages: ReadonlyMap<string, string>, homepage = ''): string {
  const at = homepage.replace(/\/$/, '')
  const parts = chapters().map(({ title, pages: list }) => {
    const lines = list.map(
      ({ title, path, about }) => `- [${title}](${at}/${pages.get(path)})${about === '' ? '' : `: ${about}`}`,
    )
    return `## ${title}\n\n${lines.join('\n')}`
  })
  const all = `All pages in one file: [llms-full.txt](${at}/llms-full.txt)`
  return `${['# nearcache', `> ${summary}`, all, ...parts].join('\n\n')}\n`
}

/** All pages in the order of the contents, after the README. */
function full(pages: ReadonlyMap<string, string>): string {
  const order = ['README.md', ...chapters().flatMap(({ pages: list }) => list.map(({ path }) => path))]
  const texts = [...new Set(order)].map((path) => {
    const text = plain(readFileSync(root + path, 'utf8'))
    return `<!-- ${pages.get(path)} -->\n\n${text.trim()}`
  })
  return `${texts.join('\n\n---\n\n')}\n`
}

function titleOf(path: string): string {
  return /^# (.+)$/m.exec(readFileSync(root + path, 'utf8'))![1]!
}

function linkOf(path: string): string {
  return `/${path.replace(/(index)?\.md$/, '')}`
}

/** Where files can be read, from the manifest's `repository`. */
function sourcesOf(repository: string | { url: string } | undefined): string | undefined {
  const url = typeof repository === 'string' ? repository : repository?.url
  const [, path] = /github(?:\.com[/:]|:)([\w.-]+\/[\w.-]+?)(?:\.git)?$/.exec(url ?? '') ?? []
  return path === undefined ? undefined : `https://github.com/${path}/blob/main/`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) prepare()
