import { describe, expect, it, vi } from 'vitest'
import { Cache, CacheError } from '../../src/index.ts'
import { thrownBy } from './support.ts'

describe('46. errors', () => {
  it('46. a CacheError is an Error with a code', () => {
    const error = thrownBy(() => new Cache().incr('k')) as CacheError
    expect(error).toBeInstanceOf(Error)
    expect(error).toBeInstanceOf(CacheError)
    expect(error.name).toBe('CacheError')
    expect(error.code).toBe('KEY_NOT_FOUND')
    expect(error.message).toContain("'k'")
    expect(String(error.stack)).toContain('errors.test')
  })

  it('46. a CacheError is recognised across copies of the package, others are not', async () => {
    vi.resetModules()
    const copy = await import('../../src/index.ts')
    expect(copy.CacheError).not.toBe(CacheError)
    const theirs = thrownBy(() => new copy.Cache().incr('k'))
    const ours = thrownBy(() => new Cache().incr('k'))
    expect(theirs).toBeInstanceOf(CacheError)
    expect(ours).toBeInstanceOf(copy.CacheError)
    for (const other of [new Error('x'), new TypeError('x'), null, undefined, 5, {}, 'CacheError'])
      expect(other instanceof CacheError).toBe(false)
  })
})
