/** Holds the built site to its word: every link, anchor and picture in it leads somewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('.vitepress/dist/', import.meta.url))
const base = process.env.DOCS_BASE ?? '/'

const pages = new Map(
  readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.html'))
    .map((path) => [path, readFileSync(join(dist, path), 'utf8')]),
)
const anchors = new Map(
  [...pages].map(([path, html]) => [
    path,
    new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!)),
  ]),
)

const broken = [...pages].flatMap(([page, html]) =>
  [...html.matchAll(/<(?:a|img)\b[^>]*? (?:href|src)="([^"]+)"/g)]
    .map(([, target]) => target!.replaceAll('&amp;', '&'))
    .filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(page, target))
    .map((target) => `${page}: ${target}`),
)
for (const one of new Set(broken)) console.error(`leads nowhere: ${one}`)
console.log(`${pages.size} pages checked, ${new Set(broken).size} links lead nowhere`)
if (broken.length > 0) process.exitCode = 1

function leadsSomewhere(page: string, target: string): boolean {
  const [path, anchor] = target.split('#') as [string, string?]
  const file = path === '' ? page : fileOf(page, path)
  if (file === undefined) return false
  return (
    anchor === undefined ||
    anchor === '' ||
    !file.endsWith('.html') ||
    anchors.get(file)!.has(decodeURIComponent(anchor))
  )
}

/** The file that a server gives for a path, as static hosts do. */
function fileOf(page: string, path: string): string | undefined {
  const from = path.startsWith(base) ? path.slice(base.length) : posix.join(dirname(page), path)
  const plain = decodeURIComponent(from).replace(/^\/+/, '')
  const candidates = [plain, `${plain}.html`, posix.join(plain, 'index.html')]
  return candidates.find(
    (one) => one !== '' && one !== '.' && /\.\w+$/.test(one) && existsSync(join(dist, one)),
  )
}
