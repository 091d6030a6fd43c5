import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { read, root } from './sources.ts'

const workflows = readdirSync(`${root}.github/workflows`).map((file) => `.github/workflows/${file}`)

describe.each(workflows)('%s', (file) => {
  const text = read(file)

  test('names each action by the hash of a commit, with its version beside it', () => {
    const actions = [...text.matchAll(/uses: (.*)/g)].map(([, action]) => action!)
    expect(actions.length).toBeGreaterThan(0)
    for (const action of actions) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  })

  test('may read and nothing else, but for the job that publishes', () => {
    expect(text).toMatch(/^permissions:\n {2}contents: read\n\n/m)
    const rights = [...text.matchAll(/: write$/gm)].length
    expect(rights).toBe(file.endsWith('/release.yml') ? 1 : 0)
    const checkouts = [...text.matchAll(/actions\/checkout@.*\n\s+with:\n\s+persist-credentials: false/g)]
    expect(checkouts.length).toBe([...text.matchAll(/actions\/checkout@/g)].length)
  })

  test('runs commands that there are', () => {
    const { scripts } = JSON.parse(read('package.json'))
    for (const [, name = ''] of text.matchAll(/npm run (?:--silent )?([\w:-]+)/g)) {
      expect(Object.keys(scripts)).toContain(name)
    }
  })
})

test("the README's links work on the npm page: each is absolute or a file that `repository` leads to", () => {
  const { repository } = JSON.parse(read('package.json'))
  expect(repository).toEqual({
    type: 'git',
    url: expect.stringMatching(/^git\+https:\/\/github\.com\/[\w.-]+\/nearcache\.git$/),
  })
  const text = read('README.md').replaceAll(/```[\s\S]*?```/g, '')
  const targets = [...text.matchAll(/\]\(([^)]+)\)|(?:src|srcset|href)="([^"]+)"/g)].map(
    ([, link, source]) => (link ?? source)!,
  )
  expect(targets.length).toBeGreaterThan(20)
  for (const target of targets) {
    if (/^(https:|#)/.test(target)) continue
    expect(target).not.toMatch(/^(\/|\.\.|http:)/)
    expect([target, existsSync(root + target.replace(/#.*/, ''))]).toEqual([target, true])
  }
})

test('the owner of the repository is named in one place', () => {
  const files = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...workflows]
  for (const file of files) expect(read(file)).not.toContain('OWNER')
})
