import { describe, expect, test } from 'vitest'
import { code, filesUnder, read, sources } from './sources.ts'

describe('ARCHITECTURE.md', () => {
  const named = [...read('ARCHITECTURE.md').matchAll(/`src\/([^`*]+\.ts)`/g)].map(([, file]) => file!)

  test('names each source file', () => {
    expect(sources.filter((file) => !named.includes(file))).toEqual([])
  })

  test('names nothing that is not there', () => {
    expect(named.filter((file) => !sources.includes(file))).toEqual([])
  })
})

describe('each structure and each policy has its own test', () => {
  const files = sources.filter((file) => /^(core|policies)\//.test(file))
  // A contract between two others, without a line that runs.
  const contracts = ['policies/policy.ts']
  const tests = filesUnder('test')

  test.each(files.filter((file) => !contracts.includes(file)))('%s', (file) => {
    expect(tests).toContain(file.replace(/\.ts$/, '.test.ts'))
  })

  test.each(contracts)('%s runs nothing', (file) => {
    expect(code(file)).not.toMatch(/^export (const|let|function|class)/m)
  })
})

describe('entries are lists of names', () => {
  const listed: Record<string, Record<'values' | 'types', string[]>> = JSON.parse(
    read('test/package/names.json'),
  )
  const { exports } = JSON.parse(read('package.json'))
  const entries = Object.entries<{ default?: string }>(exports).flatMap(([entry, { default: file }]) =>
    file?.endsWith('index.js') ? [[entry, file.replace('./dist/', '').replace(/js$/, 'ts')] as const] : [],
  )

  test.each(entries)('%s: %s', (entry, file) => {
    const names: Record<'values' | 'types', string[]> = { values: [], types: [] }
    const statement = /export (type )?\{([^}]*)\} from ''\n*/g
    for (const [, type, list = ''] of code(file).matchAll(statement)) {
      for (const item of list.split(',').map((one) => one.trim())) {
        if (item === '') continue
        const isType = type !== undefined || item.startsWith('type ')
        names[isType ? 'types' : 'values'].push(item.split(' ').at(-1)!)
      }
    }
    expect(code(file).replaceAll(statement, '').trim()).toBe('')
    const { values = [], types = [] } = listed[entry.replace('.', 'nearcache')] ?? {}
    expect({ values: names.values.sort(), types: names.types.sort() }).toEqual({
      values: [...values].sort(),
      types: [...types].sort(),
    })
  })
})
