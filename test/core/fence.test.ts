import { describe, expect, test } from 'vitest'
import { Flights, TagFence } from '../../src/core/fence.ts'

describe('flights', () => {
  test('one load per key is listed, the latest', () => {
    const flights = new Flights<object>()
    const [a, b] = [{}, {}]
    expect(flights.isIdle).toBe(true)
    flights.list('key', a)
    flights.list('key', b)
    expect([flights.at('key'), flights.size, flights.isIdle]).toEqual([b, 1, false])
    flights.unlist('key', a)
    expect(flights.at('key')).toBe(b)
    flights.unlist('key', b)
    expect([flights.at('key'), flights.isIdle]).toEqual([undefined, true])
  })

  test('a write of the key takes the load off', () => {
    const flights = new Flights<object>()
    flights.list('key', {})
    flights.list('other', {})
    flights.overtake('key')
    expect([flights.at('key'), flights.size]).toEqual([undefined, 1])
  })

  test('each batch learns what was overtaken while it ran', () => {
    const flights = new Flights<object>()
    flights.overtake('before')
    const one = flights.beginBatch()
    flights.overtake('during')
    const two = flights.beginBatch()
    flights.overtake('both')
    expect(flights.isIdle).toBe(false)
    flights.endBatch(one)
    flights.overtake('after')
    expect([...one]).toEqual(['during', 'both'])
    expect([...two]).toEqual(['both', 'after'])
    flights.endBatch(two)
    expect(flights.isIdle).toBe(true)
  })
})

describe('deleted tags', () => {
  const space = { parent: undefined }
  const inner = { parent: space }
  const wasDeleted = (fence: TagFence, turn: number, home: object, tags: string[]): boolean =>
    fence.deletionsSince(turn, home as typeof space, tags).length > 0

  test('keep out what began before, under that tag alone', () => {
    const fence = new TagFence()
    const turn = fence.begin()
    fence.note(space, 'tag')
    expect(wasDeleted(fence, turn, space, ['other', 'tag'])).toBe(true)
    expect(wasDeleted(fence, turn, space, ['other'])).toBe(false)
    expect(wasDeleted(fence, fence.begin(), space, ['tag'])).toBe(false)
  })

  test('keep out what is in a space inside, not around', () => {
    const fence = new TagFence()
    const turn = fence.begin()
    fence.note(inner, 'in')
    fence.note(space, 'out')
    expect([wasDeleted(fence, turn, inner, ['in']), wasDeleted(fence, turn, inner, ['out'])]).toEqual([
      true,
      true,
    ])
    expect([wasDeleted(fence, turn, space, ['in']), wasDeleted(fence, turn, space, ['out'])]).toEqual([
      false,
      true,
    ])
  })

  test('also keep out a load that is waited for no longer', () => {
    const fence = new TagFence()
    const turn = fence.begin()
    fence.end()
    fence.note(space, 'tag')
    expect(wasDeleted(fence, turn, space, ['tag'])).toBe(true)
    expect(wasDeleted(fence, fence.begin(), space, ['tag'])).toBe(false)
  })

  test('beyond many, all tags count as deleted for what began before', () => {
    const fence = new TagFence()
    const turn = fence.begin()
    for (let i = 0; i < 10_000; i++) fence.note(space, `tag ${i}`)
    expect(wasDeleted(fence, turn, space, ['another'])).toBe(true)
    expect(wasDeleted(fence, fence.begin(), space, ['tag 1', 'another'])).toBe(false)
  })
})
