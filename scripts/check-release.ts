// Whether this state may be published, `npm run check:release`: the repository is named, the changelog tells of the version, and the
// tag, where there is one (TAG), is that of the version.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const { version, repository } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
const changes = readFileSync(`${root}CHANGELOG.md`, 'utf8')
const tag = process.env.TAG

const problems = [
  /^git\+https:\/\/github\.com\/[\w.-]+\/[\w.-]+\.git$/.test(repository.url) &&
  !repository.url.includes('OWNER')
    ? []
    : [`package.json: repository.url is ${repository.url}; put the owner in`],
  changes.includes(`\n## ${version}`) ? [] : [`CHANGELOG.md has no section ${version}`],
  tag === undefined || tag === `v${version}` ? [] : [`the tag is ${tag}, the version ${version}`],
].flat()

for (const problem of problems) console.error(problem)
if (problems.length === 0) console.log(`${version} may be published.`)
process.exitCode = problems.length === 0 ? 0 : 1
