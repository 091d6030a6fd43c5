import { describe, expect, it } from 'vitest'
import type { Removal } from '../../src/index.ts'
import { open, settings, thrownBy } from './support.ts'
import { countWork } from './work.ts'

describe.each(settings)('tags: $title', (setting) => {
  it('38. deleteByTag makes every entry with the tag unreadable before it returns', () => {
    const cache = open<string, number>(setting)
    cache.set('a', 1, { tags: ['red'] })
    cache.set('b', 2, { tags: ['red', 'blue'] })
    cache.set('c', 3, { tags: ['blue'] })
    cache.set('d', 4)
    cache.deleteByTag('red')
    expect([...cache]).toEqual([
      ['c', 3],
      ['d', 4],
    ])
    expect(cache.get('a')).toBeUndefined()
    expect(cache.has('b')).toBe(false)
    expect(cache.peek('b')).toBeUndefined()
    expect(cache.expiresIn('b')).toBeUndefined()
    expect(cache.getMany(['a', 'b', 'c']).size).toBe(1)
    expect(cache.touch('a')).toBe(false)
    cache.deleteByTag('unknown')
    expect([...cache.keys()]).toEqual(['c', 'd'])
  })

  it('38. what is written after deleteByTag lives', () => {
    const cache = open<string, number>(setting)
    cache.set('k', 1, { tags: ['t'] })
    cache.deleteByTag('t')
    cache.set('k', 2, { tags: ['t'] })
    cache.set('other', 3, { tags: ['t'] })
    expect(cache.get('k')).toBe(2)
    cache.deleteByTag('t')
    expect([...cache]).toEqual([])
  })

  it('38. every way of writing takes tags', async () => {
    const cache = open<string, number>(setting)
    const options = { tags: ['t'] }
    cache.set('set', 1, options)
    cache.add('add', 1, options)
    cache.setMany([['setMany', 1]], options)
    cache.getOrSet('getOrSet', () => 1, options)
    await cache.getOrLoad('getOrLoad', () => 1, options)
    expect([...cache].length).toBe(5)
    cache.deleteByTag('t')
    expect([...cache].length).toBe(0)
  })

  it('38. an entry bears the tags of its last write', () => {
    const cache = open<string, number>(setting)
    cache.set('k', 1, { tags: ['old'] })
    cache.set('k', 2, { tags: ['new'] })
    cache.deleteByTag('old')
    expect(cache.get('k')).toBe(2)
    cache.set('k', 3)
    cache.deleteByTag('new')
    expect(cache.get('k')).toBe(3)
    cache.set('k', 4, { tags: ['new'] })
    expect(cache.incr('k')).toBe(5)
    cache.deleteByTag('new')
    expect(cache.has('k')).toBe(false)
  })

  it('38. a tag may be any string, and may be said twice', () => {
    const cache = open<string, number>(setting)
    for (const tag of ['', '__proto__', 'constructor', 'a:b', '\ud800']) {
      cache.set('k', 1, { tags: [tag, tag] })
      cache.set('untagged', 1, { tags: [] })
      cache.deleteByTag(tag)
      expect([...cache.keys()], tag).toEqual(['untagged'])
    }
  })

  it('38. deleteByTag reaches into namespaces inside, not out of its own', () => {
    const cache = open<string, number>(setting)
    const a = cache.namespace('a')
    const deep = a.namespace('deep')
    const b = cache.namespace('b')
    const parts = [cache, a, deep, b]
    const fill = () => {
      for (const part of parts) part.set('k', 1, { tags: ['t'] })
    }
    const live = () => parts.map((part) => part.has('k'))
    fill()
    a.deleteByTag('t')
    expect(live()).toEqual([true, false, false, true])
    fill()
    deep.deleteByTag('t')
    expect(live()).toEqual([true, true, false, true])
    cache.deleteByTag('t')
    expect(live()).toEqual([false, false, false, false])
  })

  it('38. deleteByTag takes as many steps with many entries as with few', () => {
    const stepsToDelete = (count: number) => {
      const cache = open<number, number>(setting, { maxEntries: Infinity })
      for (let i = 0; i < count; i++) cache.set(i, i, { tags: ['t'] })
      const steps = countWork(() => cache.deleteByTag('t'))
      expect([...cache].length).toBe(0)
      return steps
    }
    expect(stepsToDelete(3_000)).toBe(stepsToDelete(10))
  })

  it('38. untagged reads pay nothing for tags elsewhere', () => {
    const steps = (tagged: boolean) => {
      const cache = open<string, number>(setting)
      cache.set('k', 1)
      if (tagged) cache.set('other', 1, { tags: ['t', 'u', 'v'] })
      return countWork(() => cache.get('k'))
    }
    expect(steps(true)).toBe(steps(false))
  })

  it('38. entries that lost their tag leave as invalidated, once', () => {
    const removals: Removal[] = []
    const cache = open<string, number>(setting, { onRemoval: (removal) => removals.push(removal as Removal) })
    cache.set('k', 1, { tags: ['t', 'u'] })
    cache.deleteByTag('t')
    cache.deleteByTag('u')
    cache.set('k', 2)
    expect(removals).toEqual([{ key: 'k', value: 1, reason: 'invalidated' }])
  })

  it.each([[5], [null], [{}], [['t', 5]], ['t']])('38. refuses %o for tags', (tags) => {
    const cache = open<string, number>(setting)
    cache.set('k', 1)
    for (const write of [
      () => cache.set('k', 2, { tags: tags as string[] }),
      () => cache.add('new', 2, { tags: tags as string[] }),
      () => cache.setMany([['k', 2]], { tags: tags as string[] }),
      () => cache.getOrSet('new', () => 2, { tags: tags as string[] }),
    ]) {
      const error = thrownBy(write)
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain('tags: expected an array of strings')
    }
    expect([...cache]).toEqual([['k', 1]])
  })

  it.each([[undefined], [5], [null], [['t']]])('38. deleteByTag refuses %o', (tag) => {
    const cache = open<string, number>(setting)
    const error = thrownBy(() => cache.deleteByTag(tag as never))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain('tag: expected a string')
  })
})
