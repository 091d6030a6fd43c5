import { readFileSync } from 'node:fs'
import { root } from './sources.ts'

export interface Chapter {
  readonly title: string
  readonly pages: readonly { readonly title: string; readonly path: string; readonly about: string }[]
}

const LINK = /\[([^\]]+)\]\(([^)]+)\)/g

/** The chapters of docs/README.md: paths are those of the repository. What stands for several links stands with each. */
export function chapters(): Chapter[] {
  const found: { title: string; pages: { title: string; path: string; about: string }[] }[] = []
  const text = readFileSync(`${root}docs/README.md`, 'utf8').replace(/\n {2}(?=\S)/g, ' ')
  for (const line of text.split('\n')) {
    const heading = /^\*\*(.+)\*\*$/.exec(line)
    if (heading !== null) found.push({ title: heading[1]!, pages: [] })
    else if (line.startsWith('- ')) {
      const about = /\): (.+)$/.exec(line)?.[1]?.replace(LINK, '$1') ?? ''
      for (const [, title, path] of line.matchAll(LINK))
        found.at(-1)!.pages.push({ title: title!, path: `docs/${path}`, about })
    }
  }
  return found
}
