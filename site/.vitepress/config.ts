import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'
import { prepare } from '../prepare.ts'
import { root } from '../sources.ts'

const contents = JSON.parse(readFileSync(fileURLToPath(new URL('contents.json', import.meta.url)), 'utf8'))

/** The anchors that GitHub makes of headings, which the links in the pages go by. */
function slugify(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\- _]/gu, '')
    .replaceAll(' ', '-')
}

export default defineConfig({
  title: 'nearcache',
  description:
    'A near cache for TypeScript: bounded, typed, without dependencies, and safe from cache stampedes.',
  lang: 'en',
  base: process.env.DOCS_BASE ?? '/',
  srcDir: 'pages',
  srcExclude: ['public/**'],
  cleanUrls: true,
  head: [
    ['link', { rel: 'icon', href: `${process.env.DOCS_BASE ?? '/'}logo.svg`, type: 'image/svg+xml' }],
    ['meta', { name: 'theme-color', content: '#0b62c4' }],
  ],
  markdown: {
    anchor: { slugify },
    theme: { light: 'github-light', dark: 'github-dark' },
  },
  themeConfig: {
    logo: '/logo.svg',
    nav: [
      {
        text: 'Guide',
        link: '/keys-and-values',
        activeMatch: '^/(keys|expiry|bounds|loading|eviction|stale|memoize)',
      },
      {
        text: 'Reference',
        activeMatch: '^/(reference|api/)',
        items: [
          { text: 'By subject', link: '/reference' },
          { text: 'API, from the declarations', link: '/api/' },
        ],
      },
      { text: 'Benchmarks', link: '/benchmarks/', activeMatch: '^/benchmarks/' },
      { text: 'Playground', link: '/playground' },
      { text: 'Examples', link: '/examples/', activeMatch: '^/examples/' },
    ],
    sidebar: contents,
    outline: { level: [2, 3] },
    search: { provider: 'local', options: { detailedView: true } },
    docFooter: { prev: 'Before', next: 'Next' },
    footer: { message: 'MIT licensed', copyright: 'nearcache contributors' },
  },
  vite: {
    build: { chunkSizeWarningLimit: 2_000 },
    server: { fs: { allow: [root] } },
    plugins: [
      {
        name: 'pages-follow-the-repository',
        configureServer(server) {
          const sources = ['docs', 'examples', 'README.md', 'site/playground/page.md'].map(
            (path) => root + path,
          )
          server.watcher.add(sources)
          server.watcher.on('change', (path) => {
            if (path.endsWith('.md') && !relative(root, path).startsWith('site/pages')) prepare()
          })
        },
      },
    ],
  },
})
