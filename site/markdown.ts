import { dirname, join, relative } from 'node:path'

/** What a page of the repository becomes on the site. */
export interface Surroundings {
  /** The path of the page in the repository. */
  readonly page: string
  /** The path that each page has on the site. */
  readonly pages: ReadonlyMap<string, string>
  /** Where files of the repository can be read that are no pages, with a slash at its end; undefined: nowhere yet. */
  readonly repository: string | undefined
  /** Told of the pictures of the page, by their paths in the repository. */
  readonly onPicture: (path: string) => void
}

const PICTURE = /<picture><source [^>]*srcset="([^"]+)"><img src="([^"]+)" alt="([^"]*)"><\/picture>/g
const LINK = /\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g

/** The text of a page with the links and pictures of the site, and without what is there for tests. */
export function forSite(text: string, surroundings: Surroundings): string {
  return outsideCode(text.replace(/^<!--.*?-->\n+/gms, ''), (prose) =>
    prose
      .replace(PICTURE, (_, dark, light, alt) => {
        const both = [
          [light, 'light-only'],
          [dark, 'dark-only'],
        ] as const
        const images = both.map(
          ([path, shown]) =>
            `<img class="chart ${shown}" src="${pictureOf(path, surroundings)}" alt="${alt}">`,
        )
        return `<div class="chart-box">${images.join('')}</div>`
      })
      .replace(LINK, (whole, words, target) => linkTo(words, target, surroundings) ?? whole),
  )
}

/** The text for readers that take Markdown: as it is, without what is there for tests. */
export function plain(text: string): string {
  return text.replace(/^<!--.*?-->\n+/gms, '').replace(PICTURE, '![$3]($2)')
}

function outsideCode(text: string, change: (prose: string) => string): string {
  return text
    .split(/(^```.*?^```$)/ms)
    .map((part) => (part.startsWith('```') ? part : change(part)))
    .join('')
}

/** Pictures lie beside each other at the top of the site. */
function pictureOf(path: string, { page, onPicture }: Surroundings): string {
  const source = join(dirname(page), path)
  onPicture(source)
  return `/pictures/${source.replace(/^docs\//, '').replaceAll('/', '-')}`
}

/** The link as it is on the site; undefined where it stays. What can be read nowhere keeps its words. */
function linkTo(
  words: string,
  target: string,
  { page, pages, repository }: Surroundings,
): string | undefined {
  if (/^[a-z]+:|^#/.test(target)) return undefined
  const [path, anchor] = target.split('#') as [string, string?]
  const source = join(dirname(page), path)
  const there = pages.get(source)
  if (there === undefined) return repository === undefined ? words : `[${words}](${repository}${source})`
  const here = relative(dirname(pages.get(page)!), there)
  return `[${words}](./${here}${anchor === undefined ? '' : `#${anchor}`})`
}
