import { describe, expect, it } from 'vitest'
import { Cache } from '../../src/index.ts'
import { suggestion } from '../../src/options/nearest.ts'

function messageFor(option: string): string {
  try {
    new Cache({ [option]: 5 } as object)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('expected a refusal')
}

describe('an option of another library is answered with ours of the same meaning', () => {
  it.each([
    ['max', "did you mean 'maxEntries'?"],
    ['maxSize', "did you mean 'maxEntries' or 'maxWeight'?"],
    ['size', "did you mean 'maxEntries'?"],
    ['capacity', "did you mean 'maxEntries'?"],
    ['maxKeys', "did you mean 'maxEntries'?"],
    ['lruSize', "did you mean 'maxEntries'?"],
    ['MAX_ENTRIES', "did you mean 'maxEntries'?"],
    ['sizeCalculation', "did you mean 'weigh'?"],
    ['maxAge', "did you mean 'ttl'?"],
    ['stdTTL', "did you mean 'ttl'?"],
    ['TIMEOUT', "did you mean 'ttl'?"],
    ['timeout', "did you mean 'hardTimeout' or 'ttl'?"],
    ['updateAgeOnGet', "did you mean 'idleTtl'?"],
    ['dispose', "did you mean 'onRemoval'?"],
    ['useClones', "did you mean 'protect'?"],
    ['allowStale', "did you mean 'staleWhileRevalidate'?"],
    ['grace', "did you mean 'staleIfError'?"],
    ['gracePeriod', "did you mean 'staleIfError'?"],
    ['refreshThreshold', "did you mean 'refreshAhead'?"],
    ['namespace', "did you mean 'keyPrefix'?"],
    ['KEY_PREFIX', "did you mean 'keyPrefix'?"],
    ['LOCATION', "did you mean 'name'?"],
    ['VERSION', "did you mean 'version'?"],
    ['OPTIONS', 'use each option by itself, beside the others'],
    ['forceRefresh', 'use the option forceRefresh of getOrLoad()'],
    ['forceFresh', 'use the option forceRefresh of getOrLoad()'],
    ['fetchMethod', 'use the loader of getOrLoad()'],
    ['isCacheable', 'use a ttl of 0 for what is not to be kept'],
    ['checkperiod', 'use nothing instead: expired entries are swept by themselves'],
  ])('%s', (option, hint) => {
    expect(messageFor(option)).toBe(`${option}: there is no such option; ${hint}`)
  })
})

it('a name far from all that there are is answered with no guess', () => {
  expect(messageFor('colour')).toBe('colour: there is no such option')
})

it('a name far from the few that there are is answered with those', () => {
  expect(suggestion('colour', ['ttl', 'tags'])).toBe(", only 'ttl', 'tags'")
})

it('a slip of the keyboard is answered with the name that was meant', () => {
  expect(messageFor('maxEntires')).toBe("maxEntires: there is no such option; did you mean 'maxEntries'?")
  expect(suggestion('tlt', ['ttl', 'tags'])).toBe("; did you mean 'ttl'?")
  expect(suggestion('forceFresh', ['ttl', 'forceRefresh'])).toBe("; did you mean 'forceRefresh'?")
})
