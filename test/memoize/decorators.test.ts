import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { memoOf } from '../../src/memoize/index.ts'
import { lowered } from './lowered.ts'

const root = join(import.meta.dirname, '../..')

describe.each([
  { kind: 'standard decorators', experimental: false },
  { kind: 'experimentalDecorators', experimental: true },
])('@memoized with $kind', async ({ experimental }) => {
  const { Depot, calls, onField } = await lowered<typeof import('./depot.ts')>('depot.ts', experimental)

  beforeEach(() => {
    calls.length = 0
  })

  test('compiles', { timeout: 60_000 }, () => {
    const folder = join(root, '.cache', experimental ? 'legacy' : 'standard')
    mkdirSync(folder, { recursive: true })
    const project = {
      extends: '../../tsconfig.all.json',
      compilerOptions: { experimentalDecorators: experimental, emitDecoratorMetadata: experimental },
      files: [join(import.meta.dirname, 'depot.ts')],
      include: [],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project))
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { stdio: 'pipe' })
  })

  test('remembers methods and getters for each instance by itself', () => {
    const [a, b] = [new Depot(2), new Depot(3)]
    expect(a.price(1)).toEqual({ total: 2 })
    expect(a.price(1)).toBe(a.price(1))
    expect(b.price(1)).toEqual({ total: 3 })
    expect(a.total).toBe(a.total)
    expect(calls).toEqual(['price', 'price', 'total'])
    expect(memoOf(a, 'price').cache.size).toBe(1)
    expect([a.forget(1), a.forget(1), memoOf(a, 'total').invalidate()]).toEqual([true, false, true])
  })

  test('has options', async () => {
    const depot = new Depot(2)
    expect(await Promise.all([depot.stock('a'), depot.stock('a')])).toEqual(['a 2', 'a 2'])
    memoOf(depot, 'stock').cache.deleteByTag('stock')
    await depot.stock('a')
    expect(depot.label({ id: 1, name: 'Ada' })).toBe('Ada')
    expect(new Depot(3).label({ id: 1, name: 'Grace' })).toBe('Ada')
    expect(calls).toEqual(['stock', 'stock', 'label'])
  })

  test('may be static', () => {
    expect(Depot.registry).toBe(Depot.registry)
    expect(calls).toEqual(['registry'])
  })

  test('leaves the member as it was: its name, its length, and that it is not enumerated', () => {
    expect([Depot.prototype.price.name, Depot.prototype.price.length]).toEqual(['price', 1])
    expect(Object.keys(Depot.prototype)).toEqual([])
    expect(Object.keys(new Depot(1))).toEqual(['rate'])
  })

  test('refuses a field', () => {
    expect(onField).toThrow('@memoized: expected a method or getter, got')
  })
})
