import { Cache } from 'nearcache'
import { type DirectiveEntry, type DirectiveHandler, directiveHandler } from 'nearcache/next'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { now } from '../../src/next/revalidations.ts'
import { deferred } from '../support/deferred.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
})

function entry(text = 'value', more: Partial<DirectiveEntry> = {}): DirectiveEntry {
  const value = new Response(text).body as ReadableStream<Uint8Array>
  return { value, tags: ['t'], stale: 300, timestamp: now(), expire: 3600, revalidate: 60, ...more }
}

describe('directiveHandler', () => {
  let cache: Cache<string>
  let handler: DirectiveHandler
  const set = (key: string, one: DirectiveEntry) => handler.set(key, Promise.resolve(one))
  const text = async (key: string, softTags: string[] = []) => {
    const found = await handler.get(key, softTags)
    return found && new Response(found.value).text()
  }

  beforeEach(async () => {
    cache = new Cache<string>()
    handler = directiveHandler(cache)
    await handler.refreshTags()
    vi.advanceTimersByTime(1)
  })

  test('every hit has a stream of its own over what was kept', async () => {
    await set('k', entry('abc'))
    expect([await text('k'), await text('k'), await text('other')]).toEqual(['abc', 'abc', undefined])
    const { value, ...rest } = (await handler.get('k', []))!
    expect(rest).toEqual({ tags: ['t'], stale: 300, timestamp: now(), expire: 3600, revalidate: 60 })
    expect(value.locked).toBe(false)
  })

  test('the stream is read once, to its end, and neither it nor the promise of it is held', async () => {
    const one = entry('abc')
    await set('k', one)
    expect(one.value.locked).toBe(true)
    expect(() => new Response(one.value)).toThrow(TypeError)
    const held = JSON.stringify([...cache.namespace('directives').entries()], (_, value) =>
      value instanceof ReadableStream || value instanceof Promise ? 'held' : value,
    )
    expect(held).not.toContain('held')
  })

  test('who asks while an entry is on its way gets it', async () => {
    const coming = deferred<DirectiveEntry>()
    const kept = handler.set('k', coming.promise)
    const asked = text('k')
    coming.resolve(entry('late'))
    expect(await asked).toBe('late')
    await kept
  })

  test('an entry that fails is none, and nobody waits for it for ever', async () => {
    const coming = deferred<DirectiveEntry>()
    const kept = handler.set('k', coming.promise)
    const asked = handler.get('k', [])
    coming.reject(new Error('render'))
    await kept
    expect([await asked, await handler.get('k', [])]).toEqual([undefined, undefined])
  })

  test('a stream that breaks off is not kept, nor what it has delivered', async () => {
    const value = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('half'))
      },
      pull(controller) {
        controller.error(new Error('broken'))
      },
    })
    await set('k', entry('', { value }))
    expect(await handler.get('k', [])).toBe(undefined)
  })

  test('updateTags at once: an entry with the tag is none, one that was begun before it and comes later neither', async () => {
    await set('k', entry())
    const begun = now()
    vi.advanceTimersByTime(1)
    await handler.updateTags(['t'])
    expect(await handler.get('k', [])).toBe(undefined)
    await set('k', entry('old', { timestamp: begun }))
    expect(await handler.get('k', [])).toBe(undefined)
    vi.advanceTimersByTime(1)
    await set('k', entry('new'))
    expect(await text('k')).toBe('new')
  })

  test('updateTags with durations: the entry is served as one to be made anew, and what was made anew stays when they are over', async () => {
    await set('k', entry('old'))
    vi.advanceTimersByTime(1)
    await handler.updateTags(['t'], { expire: 60 })
    expect(await handler.get('k', [])).toMatchObject({ revalidate: -1 })
    vi.advanceTimersByTime(1)
    await set('k', entry('new'))
    await set('other', entry('old', { timestamp: now() - 1 }))
    vi.advanceTimersByTime(60_000)
    expect(await handler.get('k', [])).toMatchObject({ revalidate: 60 })
    expect(await text('k')).toBe('new')
    expect(await handler.get('other', [])).toBe(undefined)
  })

  test('soft tags are those of who asks: the same entry is none for one path and a hit for another', async () => {
    await set('k', entry())
    vi.advanceTimersByTime(1)
    await handler.updateTags(['_N_T_/a'])
    expect(await handler.get('k', ['_N_T_/layout', '_N_T_/a'])).toBe(undefined)
    expect(await text('k', ['_N_T_/layout', '_N_T_/b'])).toBe('value')
    expect(await handler.getExpiration(['_N_T_/layout', '_N_T_/a'])).toBe(now())
    expect(await handler.getExpiration(['_N_T_/layout'])).toBeLessThan(now())
  })

  test('an entry leaves when it is not served any more; without an end it lives as long as the cache says', async () => {
    await set('short', entry('', { expire: 60 }))
    await set('long', entry('', { expire: Infinity }))
    await set('year', entry('', { expire: 31_536_000 }))
    await set('none', entry('', { expire: 0 }))
    const held = () => [...cache.namespace<string>('directives').keys()].sort()
    expect(held()).toEqual(['long', 'short', 'year'])
    vi.advanceTimersByTime(60_000)
    expect(held()).toEqual(['long', 'year'])
    vi.advanceTimersByTime(240_000)
    expect(held()).toEqual([])
  })
})
