import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Resvg } from '@resvg/resvg-js'
import { parseHTML } from 'linkedom'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Progress } from '../../src/cli/progress.ts'
import { nearcache } from './command.ts'
import { skewed } from './traces.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearcache-run-'))
})
afterAll(() => rm(folder, { recursive: true }))

const reads = skewed(5_000, 400)
  .map((key) => `key ${key}`)
  .join('\n')

describe('the table', () => {
  test('has a row per size, and says what to take', async () => {
    const { exitCode, stdout, stderr } = await nearcache(['simulate', '-', '--sizes', '1,2'], 'a\nb\na\nb\n')
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toBe(
      [
        'stdin: 4 reads of 2 keys; with room for all 50.0 % hit',
        '',
        '  entries     of all    adaptive       lru    optimum',
        '        1     50.0 %       0.0 %     0.0 %     25.0 %',
        '        2    100.0 %      50.0 %    50.0 %     50.0 %',
        '',
        'Too short to say: 4 reads. Record at least 1,000, better ten times as many.',
        '',
      ].join('\n'),
    )
  })

  test('says what to take, and what half of it, twice of it and the present bound would do', async () => {
    const { stdout } = await nearcache(['simulate', '-', '--sizes', '50,100,400,800', '--now', '20'], reads)
    expect(stdout).toContain(' ← recommended')
    const ratio = String.raw`\d+\.\d %`
    expect(stdout).toMatch(
      new RegExp(
        [
          `Take { policy: 'adaptive', maxEntries: 400 }: ${ratio} of reads hit; beyond it a doubling brings less than a point\\.`,
          String.raw`  half of it, 200: ${ratio}, −\d+\.\d points`,
          `  doubled to 800: ${ratio}, the same`,
          String.raw`  now, with 20: ${ratio}, −\d+\.\d points`,
          '$',
        ].join('\n'),
      ),
    )
  })

  test('of reads that hardly ever hit says not to cache', async () => {
    const { stdout } = await nearcache(['simulate', '-'], [...Array(2000).keys()].join('\n'))
    expect(stdout).not.toContain('recommended')
    expect(stdout).toMatch(
      /\n\nDo not cache this: with room for all and for ever only 0\.0 % of reads would hit\.\n$/,
    )
  })

  test('of a trace that hardly fills what it would recommend says that it is too short', async () => {
    const keys = [...Array(1000).keys()]
    const { stdout } = await nearcache(['simulate', '-'], [...keys, ...keys.slice(0, 900)].join('\n'))
    expect(stdout).toContain(
      'Too short to say: 1,900 reads. Record at least 2,000, better ten times as many.',
    )
  })

  test('takes any size that is a number, however large', async () => {
    const sizes = `100,${Number.MAX_SAFE_INTEGER}`
    const { exitCode, stderr } = await nearcache(['simulate', '-', '--sizes', sizes], reads)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const weighed = await nearcache(['simulate', '-', '--sizes', sizes], 'a\t\t5\nb\t\t6\na\t\t5\n')
    expect({ exitCode: weighed.exitCode, stderr: weighed.stderr }).toEqual({ exitCode: 0, stderr: '' })
  })

  test('speaks of weight, lifetime and estimates where there are any', async () => {
    const { stdout } = await nearcache(
      ['simulate', '-', '--ttl', '1m'],
      'a\t0\t10\nb\t1000\t20\na\t61000\t10\n',
    )
    expect(stdout).toMatch(
      /3 reads of 2 keys that weigh 30 in 1m, each living 1m; with room for all for ever 33\.3 % hit/,
    )
    expect(stdout).toContain('The optimum is an estimate here')
    expect(stdout).toMatch(/\n +weight +of all/)
  })

  test('says that a sample was scaled', async () => {
    const { stdout } = await nearcache(['simulate', '-'], `# nearcache trace: sample=0.1\n${reads}`)
    expect(stdout).toMatch(/reads of about [\d,]+ keys, a sample of 10\.0 % \(sizes are those of the whole\)/)
  })
})

test('--json has the same as numbers', async () => {
  const { stdout } = await nearcache(
    ['simulate', '-', '--sizes', '20,100', '--policy', 'lru', '--json'],
    reads,
  )
  const simulation = JSON.parse(stdout)
  expect(simulation.trace).toMatchObject({ name: 'stdin', reads: 5000, sample: 1 })
  expect(simulation.rows.map((row: { size: number }) => row.size)).toEqual([20, 100])
  for (const { adaptive, lru, optimum } of simulation.rows) {
    expect(optimum).toBeGreaterThan(adaptive)
    expect(optimum).toBeGreaterThan(lru)
  }
  expect(simulation).toMatchObject({
    verdict: 'take',
    recommendation: { policy: 'lru', size: 100, halved: { size: 50 }, doubled: { size: 200 } },
  })
})

describe('a recording that was interrupted', () => {
  const header = '# nearcache trace: keys=plain sample=1\n'
  const lines = Array.from({ length: 2000 }, (_, i) => `k${i % 40}\t${i}\n`).join('')

  test('as plain text is read up to its torn line, with a warning', async () => {
    const { exitCode, stdout, stderr } = await nearcache(
      ['simulate', '-', '--quiet'],
      `${header}${lines}k1\t20`,
    )
    expect(exitCode).toBe(0)
    expect(stderr).toBe('nearcache: stdin: the recording was interrupted; its first 2,000 reads are used\n')
    expect(stdout).toMatch(/^stdin: 2,000 reads of 40 keys/)
  })

  test('between two lines is whole', async () => {
    expect((await nearcache(['simulate', '-', '--quiet'], header + lines)).stderr).toBe('')
  })

  test('before its first read is empty', async () => {
    const { exitCode, stderr } = await nearcache(['simulate', '-', '--quiet'], `${header}k1`)
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: 'nearcache: stdin: expected at least one read, got an empty trace\n',
    })
  })
})

test('a trace of another tool may end without a line feed', async () => {
  const { stdout, stderr } = await nearcache(['simulate', '-', '--quiet'], 'a\nb\na')
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^stdin: 3 reads of 2 keys/)
})

describe('--chart', () => {
  test.each(['20,50,100,200', '100'])('draws sizes %s as SVG', async (sizes) => {
    const path = join(folder, 'chart.svg')
    const { exitCode } = await nearcache(['simulate', '-', '--sizes', sizes, '--chart', path], reads)
    expect(exitCode).toBe(0)
    const svg = await readFile(path, 'utf8')
    expect(svg).not.toMatch(/NaN|undefined|Infinity/)
    const { document } = parseHTML(svg)
    const words = [...document.querySelectorAll('text')].map((text) => text.textContent)
    expect(words).toEqual(expect.arrayContaining(['adaptive', 'lru', 'optimum', 'maxEntries', '100']))
    expect(document.querySelectorAll('path')).toHaveLength(3)
    expect(new Resvg(svg).render().width).toBe(860)
  })

  test('a file that cannot be written is named', async () => {
    const path = join(folder, 'none', 'chart.svg')
    const { exitCode, stderr } = await nearcache(['simulate', '-', '--chart', path], reads)
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining(`nearcache: ${path}: expected a file to write, got ENOENT`),
    })
  })
})

describe('wrong arguments end with 2 and one line', () => {
  test.each([
    [[], "expected a command such as 'simulate', got no command; see nearcache --help"],
    [['stimulate'], "expected a command such as 'simulate', got 'stimulate'; did you mean 'simulate'?"],
    [['simulate'], "nearcache simulate: expected a trace file, or '-' for standard input, got none"],
    [['simulate', 'a', 'b'], "nearcache simulate: expected one trace, got 'b' besides"],
    [['something'], "expected a command such as 'simulate', got 'something'; see nearcache --help"],
    [['simulate', '-', '--size', '1'], "--size: there is no such option; did you mean '--sizes'?"],
    [['simulate', '-', '--colour'], '--colour: there is no such option; see nearcache simulate --help'],
    [
      ['simulate', '-', '--now', '0'],
      "--now: expected the present bound, a positive integer such as 500, got '0'",
    ],
    [['simulate', '-', '--sizes', '1,two'], "--sizes: expected sizes such as '100,500,1%', got 'two'"],
    [['simulate', '-', '--sizes', ''], "--sizes: expected sizes such as '100,500,1%', got ''"],
    [['simulate', '-', '--sizes', '0'], "--sizes: expected sizes such as '100,500,1%', got '0'"],
    [
      ['simulate', '-', '--sizes', '1.5'],
      "--sizes: expected sizes such as '100,500,1%', whole numbers, got '1.5'",
    ],
    [['simulate', '-', '--sizes', '101%'], "--sizes: expected at most 100%, got '101%'"],
    [['simulate', '-', '--policy', 'fifo'], "--policy: expected 'adaptive' or 'lru', got 'fifo'"],
    [
      ['simulate', '-', '--format', 'csv'],
      "--format: expected 'text' or 'u32', with '.gz' or '.br' if compressed, got 'csv'",
    ],
    [['simulate', '-', '--chart', 'a.png'], "--chart: expected the name of an .svg file, got 'a.png'"],
    [
      ['simulate', '-', '--ttl', '5 apples'],
      "--ttl: expected a number of milliseconds or a string such as '500ms'",
    ],
    [
      ['simulate', '-', '--ttl', '30'],
      "--ttl: expected a number of milliseconds or a string such as '500ms'",
    ],
    [
      ['simulate', '-', '--ttl', '5m'],
      '--ttl: expected a trace with times (a key, a tab, milliseconds), got stdin',
    ],
  ])('%j', async (args, message) => {
    const { exitCode, stdout, stderr } = await nearcache(args, 'a\n')
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatch(/^nearcache: [^\n]+\n$/)
    expect(stderr).toContain(message)
  })
})

test('a wrong trace ends with 1 and one line', async () => {
  const path = join(folder, 'wrong.txt')
  await writeFile(path, 'a\t1\nb\tsoon\n')
  expect(await nearcache(['simulate', path])).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: `nearcache: ${path}:2: expected a time in milliseconds after the key, got 'soon'\n`,
  })
})

test.each([
  [['--help'], 'Usage: nearcache <command>'],
  [['simulate', '--help'], 'Examples:'],
  [['help', 'simulate'], 'Usage: nearcache simulate <trace>'],
  [['--version'], /^\d+\.\d+\.\d+\n$/],
])('%j', async (args, words) => {
  const { exitCode, stdout } = await nearcache(args)
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(words)
})

describe('progress', () => {
  const progress = (isTTY: boolean) => {
    const written: string[] = []
    let now = 0
    const told = new Progress({ isTTY, write: (text) => written.push(text) }, () => now)
    for (; now <= 10_000; now += 50) told.report(() => `at ${now}`)
    told.end()
    return written
  }

  test('renews one line on a terminal, and clears it', () => {
    const written = progress(true)
    expect(written).toHaveLength(101)
    expect(written[0]).toBe('\r\u001b[Kat 100')
    expect(written.at(-1)).toBe('\r\u001b[K')
  })

  test('elsewhere is a line now and then', () => {
    expect(progress(false)).toEqual(['at 5000\n', 'at 10000\n'])
  })
})
