/** Writes the pages under `api/` from the declarations and their comments: one per entry of the package. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application, type TypeDocOptions } from 'typedoc'
import type { PluginOptions } from 'typedoc-plugin-markdown'
import { type Entry, entriesOfPackage, root } from './sources.ts'

const here = fileURLToPath(new URL('./', import.meta.url))
const drafts = `${here}.vitepress/cache/api`
const pages = `${here}pages/api`

const entries = entriesOfPackage()

const options: TypeDocOptions & PluginOptions = {
  entryPoints: entries.map(({ file }) => `${root}src/${file}`),
  tsconfig: `${root}tsconfig.build.json`,
  plugin: ['typedoc-plugin-markdown'],
  readme: 'none',
  name: 'API',
  router: 'module',
  outputs: [{ name: 'markdown', path: drafts }],
  hidePageHeader: true,
  hideBreadcrumbs: true,
  disableSources: true,
  excludePrivate: true,
  excludeExternals: true,
  useCodeBlocks: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  entryFileName: 'modules',
  logLevel: 'Error',
}
const app = await Application.bootstrapWithPlugins(options)
const project = await app.convert()
if (project === undefined) throw new Error('the declarations could not be read')
await app.generateOutputs(project)

/** Pages of the generator by what they become: it names them after files of the sources, readers know entries. */
const names = new Map(entries.map((entry) => [draftOf(entry), entry]))
const texts = new Map([...names.keys()].map((path) => [path, readFileSync(join(drafts, path), 'utf8')]))
for (const [path, entry] of names) {
  const text = texts
    .get(path)!
    .replace(/^# .*$/m, `# ${entry.name}`)
    .replace(
      /\]\(([^)#\s]+\.md)?(#[^)\s]*)?\)/g,
      (whole, target: string | undefined, anchor: string | undefined) => {
        const draft = target === undefined ? path : join(dirname(path), target)
        const there = names.get(draft)
        if (there === undefined) return whole
        const page = target === undefined ? '' : `./${relative(dirname(entry.page), there.page)}`
        return `](${page}${anchor === undefined ? '' : anchorIn(texts.get(draft)!, anchor)})`
      },
    )
  write(entry.page, `---\noutline: [2, 4]\n---\n\n${text}`)
}
const list = entries.map(({ name, page }) => `- [\`${name}\`](./${page})`).join('\n')
write(
  'index.md',
  `# API\n\nWhat each entry of the package exports, from its declarations. The [reference](../reference.md) has the same in tables, by subject.\n\n${list}\n`,
)

/** The page that the generator makes of an entry. */
function draftOf({ file }: Entry): string {
  return file === 'index.ts' ? 'index.md' : file.replace(/(\/index)?\.ts$/, '.md')
}

/** The anchor as the page has it: the generator numbers some headings that are there once. */
function anchorIn(text: string, anchor: string): string {
  const [, base, number] = /^#(.+)-(\d+)$/.exec(anchor) ?? []
  if (base === undefined || text.includes(`id="${anchor.slice(1)}"`)) return anchor
  const same = [...text.matchAll(/^#+ (.+)$/gm)].filter(([, heading]) => slugOf(heading!) === base)
  return same.length > Number(number) ? anchor : `#${base}`
}

function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\- _]/gu, '')
    .replaceAll(' ', '-')
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(pages, path)), { recursive: true })
  writeFileSync(join(pages, path), text)
}
