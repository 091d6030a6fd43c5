import { Cache } from 'nearcache'
import { expect, test } from 'vitest'
import { random as randoms } from '../../bench/keys.ts'
import { storeOf } from '../../src/cache.ts'
import { standingsOf } from '../../src/engine/standings.ts'
import type { Adaptive } from '../../src/policies/adaptive.ts'
import { checkInvariants } from '../support/invariants.ts'

const seed = Number(process.env.NEARCACHE_SEED ?? Math.floor(Math.random() * 2 ** 31))

function used(maxEntries: number): Cache<number, number> {
  const cache = new Cache<number, number>({ maxEntries, ttl: Infinity })
  const next = randoms(seed)
  for (let i = 0; i < 20 * maxEntries; i++) {
    const key = Math.floor(next() ** 2 * 3 * maxEntries)
    if (cache.get(key) === undefined) cache.set(key, i)
  }
  return cache
}

function policyOf(cache: Cache<number, number>): Adaptive {
  return storeOf(cache).policy as Adaptive
}

test(`a policy that goes on from a state stands where the other did in its duel with LRU (NEARCACHE_SEED=${seed})`, () => {
  for (const maxEntries of [50, 1000]) {
    const one = used(maxEntries)
    for (const regret of [3, -3]) {
      policyOf(one).duel.regret = regret
      const state = JSON.parse(JSON.stringify(standingsOf(policyOf(one)).state()))
      const other = new Cache<number, number>({ maxEntries })
      standingsOf(policyOf(other)).resume(state, false)
      expect(standingsOf(policyOf(other)).state()).toEqual(state)
      expect(policyOf(other).duel.favoursLru).toBe(regret > 0)
      checkInvariants(other)
    }
  }
})

test('the duel of a cache with another bound, and one without a state, begins anew', () => {
  const state = standingsOf(policyOf(used(1000))).state()
  const { target, isFilling, room, random } = state
  for (const other of [{ target, isFilling, room, random } as typeof state, state]) {
    const cache = new Cache<number, number>({ maxEntries: other === state ? 500 : 1000 })
    const { regret, spans, held } = policyOf(cache).duel
    standingsOf(policyOf(cache)).resume(other, false)
    expect(policyOf(cache).duel).toMatchObject({ regret, spans, held })
    checkInvariants(cache)
  }
})
