import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The root of the repository, with a slash at its end. */
export const root: string = fileURLToPath(new URL('../../', import.meta.url))

/** The pages that tell users and contributors about the project, as paths from the root. */
export const pages: readonly string[] = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
    // Runs of the benchmark leave pages of their own there, which git does not know.
    .filter((name) => name.endsWith('.md') && !/^benchmarks\/(quick|node-\d+)\//.test(name))
    .map((name) => `docs/${name}`),
].sort()
