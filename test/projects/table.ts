import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../package/run.ts'
import { kinds } from './kinds.ts'

const page = join(root, 'docs/projects.md')

/** The kinds of projects as the page shows them. */
export function tableOfKinds(): string {
  const rows = kinds.map(({ name, packages, ways }) => {
    const installed = Object.entries(packages).map(
      ([what, version]) => `${what.startsWith('node-') ? 'Node' : what} ${version}`,
    )
    return `| ${name} | ${name.startsWith('Node ') ? '' : installed.join(', ')} | ${ways} |`
  })
  return ['| `--only` | installed beside it | how it takes nearcache |', '|---|---|---|', ...rows].join('\n')
}

/** The table on the page. */
export function tableOnPage(): string {
  return /^\| `--only`[\s\S]*?(?=\n\n)/m.exec(readFileSync(page, 'utf8'))![0]
}

/** Writes the table into the page. */
export function writeTable(): void {
  writeFileSync(
    page,
    readFileSync(page, 'utf8').replace(tableOnPage(), () => tableOfKinds()),
  )
}
