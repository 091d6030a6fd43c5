import { execFileSync, spawnSync } from 'node:child_process'
import { channel } from 'node:diagnostics_channel'
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import os, { tmpdir } from 'node:os'
import { join } from 'node:path'
import v8 from 'node:v8'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { installNode } from '../../bench/install.ts'
import { Cache, createCaches } from '../../src/index.ts'
import { dashboard } from '../../src/observe/dashboard/index.ts'
import type { State } from '../../src/observe/dashboard/wire.ts'
import { currentGuard, type GuardOptions, guardHeap } from '../../src/observe/guard.ts'
import { machineMemory, oldGenerationLimit } from '../../src/observe/limits.ts'
import { read, sources } from '../structure/sources.ts'
import { checkInvariants } from '../support/invariants.ts'

const root = join(import.meta.dirname, '../..')
const MB = 1024 ** 2

afterEach(() => {
  currentGuard()?.stop()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

describe('guardHeap', () => {
  test('70. is at work only where it is called, whatever is imported', async () => {
    const entries = Object.values<{ default: string }>(
      JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).exports,
    )
    const files = entries.flatMap(
      ({ default: file }) => file?.replace('./dist/', '../../src/').replace(/\.js$/, '.ts') ?? [],
    )
    for (const file of files.filter((file) => file.includes('/observe/')))
      await import(/* @vite-ignore */ file)
    expect(files.length).toBeGreaterThan(30)
    expect([currentGuard(), channel('nearcache:open').hasSubscribers]).toEqual([undefined, false])
  })

  test('67. says what is wrong with an option, and starts nothing', () => {
    const wrong: [unknown, string][] = [
      [null, 'options: expected an object such as { high: 0.75 }, got null'],
      [{ hihg: 0.7 }, "guardHeap.hihg: there is no such option; did you mean 'high'?"],
      [{ high: '75%' }, "high: expected a share between 0 and 1, got '75%'"],
      [{ high: 1 }, 'high: expected a share between 0 and 1, got 1'],
      [{ low: 0.8 }, 'low: expected a share below high, 0.75, got 0.8'],
      [{ memory: 'much' }, "memory: expected a number of bytes or a string such as '512kb'"],
      [{ memory: 0 }, 'memory: expected more than 0, got 0'],
      [{ caches: new Cache() }, 'caches: expected an array of caches, got an object'],
      [{ caches: [5] }, 'caches: expected an array of caches, got 5'],
      [
        { caches: [new Cache({ name: 'left-out', guard: false })] },
        'caches: expected caches to be guarded, got left-out, which says guard: false',
      ],
    ]
    for (const [options, message] of wrong) {
      expect(() => guardHeap(options as object)).toThrow(message)
      expect(currentGuard()).toBeUndefined()
    }
  })

  test('61. the option `guard` of a cache is false or a weight above 0, and nothing else', () => {
    const wrong: [unknown, string][] = [
      [true, 'true'],
      [3, '3'],
      [null, 'null'],
      ['no', "'no'"],
      ...[0, -1, '3', Number.NaN, Infinity, undefined].map((weight): [unknown, string] => [
        { weight },
        'an object',
      ]),
      [{ wieght: 2 }, 'an object'],
    ]
    for (const [guard, got] of wrong)
      expect(() => new Cache({ guard: guard as never })).toThrow(
        new TypeError(`guard: expected false or { weight: 3 }, got ${got}`),
      )
    const caches = createCaches.from({ users: { guard: { weight: 0.5 } }, rates: { guard: false } })
    expect(Object.keys(caches)).toEqual(['users', 'rates'])
    for (const cache of Object.values(caches)) cache.close()
  })

  test('55. a cache that is closed while it is held, or resized by its user, costs nothing', () => {
    const [closed, resized] = [new Cache<number, string>(), new Cache<number, string>()]
    const guard = guardHeap({ caches: [closed, resized], high: 0.0002, low: 0.0001 })
    for (let key = 0; key < 500; key++) {
      closed.set(key, 'x')
      resized.set(key, 'x')
    }
    expect(Object.keys(guard.stats().held)).toHaveLength(2)
    closed.close()
    resized.resize(10)
    for (let key = 0; key < 500; key++) resized.set(key, 'x')
    expect(resized.stats()).toMatchObject({ maxEntries: 10, size: 10 })
    guard.stop()
    resized.resize(2000)
    for (let key = 0; key < 1500; key++) resized.set(key, 'x')
    expect(resized.size).toBe(1500)
    checkInvariants(resized)
  })

  test('55. one at a time, off once it is stopped, a second stop does nothing', () => {
    const first = guardHeap()
    expect(() => guardHeap()).toThrow('stop() the other first')
    first.stop()
    const second = guardHeap()
    first.stop()
    expect(currentGuard()).toBe(second)
    second[Symbol.dispose]()
    expect(currentGuard()).toBeUndefined()
  })

  test('68. tells how full the heap is, and holds nothing while there is room', () => {
    const guard = guardHeap()
    const cache = new Cache<number, number>({ maxEntries: 5000 })
    for (let key = 0; key < 6000; key++) cache.set(key, key)
    const { live, limit, ...rest } = guard.stats()
    expect(live).toBeGreaterThan(1e6)
    expect(limit).toBeGreaterThan(live)
    expect(rest).toMatchObject({ holding: false, holds: 0, cuts: 0, given: 0, grown: 0, held: {} })
    expect(cache.size).toBe(5000)
  })

  test('57. measures what the old generation holds: what dies young, and the young generation itself, count for nothing', () => {
    const space = (space_name: string, space_used_size: number) => ({ space_name, space_used_size })
    const spaces = [space('new_space', 900 * MB), space('new_large_object_space', 800 * MB)]
    spaces.push(space('old_space', 30 * MB), space('large_object_space', 9 * MB), space('code_space', MB))
    vi.spyOn(v8, 'getHeapSpaceStatistics').mockReturnValue(
      spaces as ReturnType<typeof v8.getHeapSpaceStatistics>,
    )
    expect(guardHeap().stats().live).toBe(40 * MB)
  })

  test('66. nothing is called to collect, no heap snapshot is written, the limit is not raised', () => {
    const forbidden =
      /\bgc\(|writeHeapSnapshot|getHeapSnapshot|setHeapSnapshotNearHeapLimit|setFlagsFromString/
    expect(sources.length).toBeGreaterThan(100)
    for (const file of sources) expect(read(`src/${file}`), file).not.toMatch(forbidden)
  })

  test('55. with `caches` it leaves the others alone', () => {
    const [guarded, other] = [new Cache<number, string>(), new Cache<number, string>()]
    guardHeap({ caches: [guarded], high: 0.0002, low: 0.0001 })
    for (let key = 0; key < 1000; key++) {
      guarded.set(key, 'x')
      other.set(key, 'x')
    }
    expect(guarded.stats().heldAt).toBeLessThan(1000)
    expect(other.stats().heldAt).toBeUndefined()
    expect(other.size).toBe(1000)
  })

  test('68. tells since when a cache is held, and the dashboard says so', async () => {
    const cache = new Cache<number, string>({ name: 'held since' })
    const before = Date.now()
    const guard = guardHeap({ caches: [cache], high: 0.0002, low: 0.0001 })
    for (let key = 0; key < 500; key++) cache.set(key, 'x')
    const since = guard.stats().heldSince['held since']!
    expect(since).toBeGreaterThanOrEqual(before)
    expect(since).toBeLessThanOrEqual(Date.now())
    const page = dashboard({ authorise: () => true, caches: [cache] })
    const state = async () => (await page(new Request('http://localhost/state'))).json() as Promise<State>
    expect((await state()).caches[0]).toMatchObject({ heldSince: since, heldAt: cache.stats().heldAt })
    guard.stop()
    expect((await state()).caches[0]).toMatchObject({ heldSince: null, heldAt: null })
    cache.close()
  })

  test.each(['bun', 'deno'])('67. elsewhere than on Node it throws a TypeError: %s', (name) => {
    vi.stubGlobal('process', {
      ...process,
      release: process.release,
      versions: { ...process.versions, [name]: '1' },
    })
    expect(() => guardHeap()).toThrow(TypeError)
    expect(() => guardHeap()).toThrow('guardHeap: expected Node')
    vi.stubGlobal('process', undefined)
    expect(() => guardHeap()).toThrow('use maxBytes here')
  })
})

describe('56. the limit', () => {
  const machine = {
    ...{ execArgv: [], nodeOptions: '', heapLimit: 448 * MB, workerLimit: undefined },
    ...{ constrained: undefined, total: 8192 * MB },
  }

  test('is that of the old generation: of the worker, of the flag, or what is left of the whole', () => {
    expect(oldGenerationLimit({ ...machine, execArgv: ['--max-old-space-size=256'] })).toEqual({
      limit: 256 * MB,
      isKnown: true,
    })
    const both = {
      ...machine,
      nodeOptions: '--max_old_space_size=100 --inspect',
      execArgv: ['--max-old-space-size', '300'],
    }
    expect(oldGenerationLimit(both).limit).toBe(300 * MB)
    expect(oldGenerationLimit({ ...both, execArgv: [] }).limit).toBe(100 * MB)
    expect(oldGenerationLimit({ ...both, workerLimit: 64 }).limit).toBe(64 * MB)
    expect(oldGenerationLimit(machine)).toEqual({ limit: 336 * MB, isKnown: false })
    expect(oldGenerationLimit({ ...machine, heapLimit: 4096 * MB }).limit).toBe(3904 * MB)
  })

  test('64. of the process is that of its container, where there is one', () => {
    expect(machineMemory({ ...machine, constrained: 512 * MB })).toBe(512 * MB)
    for (const none of [undefined, 0, 2 ** 64])
      expect(machineMemory({ ...machine, constrained: none })).toBe(8192 * MB)
  })
})

describe('64. what the process may take in all', () => {
  const GB = 1024 * MB
  const NONE = 2 ** 64

  /** A machine of 8 GB, in a container or none, whose process takes so much. */
  function machine(constrained: number | undefined, rss: number): void {
    vi.spyOn(os, 'totalmem').mockReturnValue(8 * GB)
    vi.spyOn(process.memoryUsage, 'rss').mockReturnValue(rss)
    if (constrained === undefined)
      vi.spyOn(process as { constrainedMemory?: unknown }, 'constrainedMemory', 'get').mockReturnValue(
        undefined,
      )
    else vi.spyOn(process, 'constrainedMemory').mockReturnValue(constrained)
  }

  /** Whether caches may not grow in a process of this size. */
  function isHeld(options: GuardOptions, constrained: number | undefined, rss: number): boolean {
    machine(constrained, rss)
    const cache = new Cache<number, number>()
    const guard = guardHeap({ caches: [cache], ...options })
    for (let key = 0; key < 600; key++) cache.set(key, key)
    const { holding } = guard.stats()
    expect(cache.size < 600).toBe(holding)
    guard.stop()
    vi.restoreAllMocks()
    return holding
  }

  test.each<[what: string, options: GuardOptions, constrained: number | undefined, memory: number]>([
    ['0.8 of the container', {}, 512 * MB, 0.8 * 512 * MB],
    ['0.8 of the machine, where the limit of the container is 2^64', {}, NONE, 0.8 * 8 * GB],
    ['0.8 of the machine, where the limit of the container is 0', {}, 0, 0.8 * 8 * GB],
    ['0.8 of the machine, where Node cannot tell of containers', {}, undefined, 0.8 * 8 * GB],
    ['0.8 of the machine, where the container may take more', {}, 16 * GB, 0.8 * 8 * GB],
    ['a share of the container', { memory: 0.5 }, 512 * MB, 256 * MB],
    ['a share of the machine', { memory: 0.5 }, NONE, 4 * GB],
    ['all of the container', { memory: 1 }, 512 * MB, 512 * MB],
    ["'400mb'", { memory: '400mb' }, 512 * MB, 400 * MB],
    ["'400mb', where there is no container", { memory: '400mb' }, NONE, 400 * MB],
    ['a number of bytes', { memory: 400 * MB }, NONE, 400 * MB],
    ['the container, where more is asked for', { memory: '2gb' }, 512 * MB, 512 * MB],
    ['the machine, where more is asked for', { memory: '64gb' }, NONE, 8 * GB],
  ])('is %s', (_what, options, constrained, memory) => {
    const mark = 0.65 * memory
    expect(isHeld(options, constrained, mark - 2 * MB)).toBe(false)
    expect(isHeld(options, constrained, mark + 1)).toBe(true)
  })

  test('counts what entries hold outside of the heap, from insertion on', () => {
    machine(NONE, 100 * MB)
    const cache = new Cache<number, Uint8Array>({ maxEntries: 100_000 })
    const guard = guardHeap({ caches: [cache], memory: '200mb' })
    const value = new Uint8Array(10_000)
    for (let key = 0; key < 20_000; key++) cache.set(key, value)
    expect(guard.stats()).toMatchObject({ holding: true, cuts: 0, given: 0 })
    // 65 % of 200 MB, less what the process has already, in entries of some 10 KB.
    expect(cache.size).toBeGreaterThan(2000)
    expect(cache.size).toBeLessThan(4000)
  })
})

describe('63. 65. 69. a service that asks for more than its heap has', { timeout: 120_000 }, () => {
  const dist = mkdtempSync(join(tmpdir(), 'nearcache-guard-'))
  beforeAll(() => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', dist])
  }, 120_000)
  afterAll(() => rmSync(dist, { recursive: true }))

  test.each([
    ['this Node', () => process.execPath],
    ['Node 26', () => installNode('26')],
  ])('58. on %s each major collection is told once, and no scavenge', (_, node) => {
    const file = join(root, 'test/observe/guard-collections.mjs')
    const output = execFileSync(node(), ['--expose-gc', file, dist], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    const { scavenges, collections } = JSON.parse(output)
    // Besides those that were asked for there may be one that was due.
    expect(scavenges).toBeLessThanOrEqual(2)
    expect(collections).toBeGreaterThanOrEqual(10)
    expect(collections).toBeLessThanOrEqual(12)
  })

  const serve = (scenario: string, mode: string, scale = 0.25) => {
    const heap =
      scenario === 'worker' ? [] : [`--max-old-space-size=${256 * scale}`, '--max-semi-space-size=4']
    const file = join(root, 'test/observe/guard-service.mjs')
    const env = { ...process.env, NODE_OPTIONS: '' }
    return spawnSync(process.execPath, [...heap, file, dist, scenario, mode, String(scale)], {
      encoding: 'utf8',
      env,
    })
  }

  test.each(['grow', 'burst', 'sync', 'swell', 'worker'])(
    '%s: lives with the guard, and dies without it',
    (scenario) => {
      const { stdout, stderr } = serve(scenario, 'guard')
      expect(stdout, stderr).not.toBe('')
      const { entries, guard } = JSON.parse(stdout)
      expect(entries.reduce((sum: number, one: number) => sum + one)).toBeGreaterThan(5000)
      expect(guard.holds + guard.cuts).toBeGreaterThan(0)
      const without = serve(scenario, 'none')
      expect(without.stdout).toBe('')
      expect(without.stderr).toMatch(/out of memory|OUT_OF_MEMORY/)
    },
  )

  test('64. Buffers: the process stays within `memory`', () => {
    const { peakMegabytes, entries } = JSON.parse(serve('buffers', 'guard').stdout)
    expect(peakMegabytes).toBeLessThan(400)
    expect(entries[0]).toBeGreaterThan(20_000)
    expect(JSON.parse(serve('buffers', 'none').stdout).peakMegabytes).toBeGreaterThan(500)
  })

  const group = memoryGroup(400 * MB)
  afterAll(() => group && rmdirSync(group))
  test.skipIf(group === undefined)(
    '64. in a container of 400 MB a service full of Buffers lives with the guard as it is by default, and is killed without (skipped: no control group can be made here)',
    () => {
      const contained = (mode: string) =>
        spawnSync(
          'sh',
          [
            '-c',
            'echo $$ > "$0/cgroup.procs" && exec "$@"',
            ...[group!, process.execPath, join(root, 'test/observe/guard-service.mjs'), dist],
            ...['container', mode],
          ],
          { encoding: 'utf8', timeout: 60_000, env: { ...process.env, NODE_OPTIONS: '' } },
        )
      const { stdout, stderr } = contained('guard')
      expect(stdout, stderr).not.toBe('')
      const { peakMegabytes, entries } = JSON.parse(stdout)
      expect(peakMegabytes).toBeLessThan(400)
      expect(entries[0]).toBeGreaterThan(10_000)
      expect(contained('none')).toMatchObject({ stdout: '', signal: 'SIGKILL' })
    },
  )

  test('62. recover: what was cut comes back when the service lets its own data go', () => {
    // In full size, since a small service has ended before the guard lets anything grow again.
    const { entries, least, guard } = JSON.parse(serve('recover', 'guard', 1).stdout)
    expect(guard.grown).toBeGreaterThan(0)
    expect(entries.reduce((sum: number, one: number) => sum + one)).toBeGreaterThan(least)
  })
})

/** A control group whose processes may take so many bytes together; undefined, after a line that says so, where none can be made. */
function memoryGroup(bytes: number): string | undefined {
  const name = `nearcache-test-${process.pid}`
  const kinds = [
    [`/sys/fs/cgroup/memory/${name}`, 'memory.limit_in_bytes'],
    [`/sys/fs/cgroup/${name}`, 'memory.max'],
  ] as const
  for (const [group, limit] of kinds) {
    let isMade = false
    try {
      // The folder above has the same files where it is of the right kind.
      readFileSync(join(group, '../cgroup.procs'))
      mkdirSync(group)
      isMade = true
      writeFileSync(join(group, limit), String(bytes), { flag: 'r+' })
      return group
    } catch {
      if (isMade) rmdirSync(group)
    }
  }
  console.warn('SKIPPED: the heap guard in a container, since no control group can be made here')
  return undefined
}
