import { Cache } from 'nearcache'
import nearcacheDriver from 'nearcache/unstorage'
import { createStorage, prefixStorage, restoreSnapshot, snapshot } from 'unstorage'
import { describe, expect, test } from 'vitest'

const storageOf = (backing?: Parameters<typeof nearcacheDriver>[0]) =>
  createStorage({ driver: nearcacheDriver(backing) })

describe('items', () => {
  test.each([['text'], [''], ['12'], [0], [1.5], [true], [false], [null], [{ a: [1] }], [[]]])(
    '%j reads as from the memory driver',
    async (value) => {
      const storage = storageOf()
      const own = createStorage()
      await storage.setItem('a:b', value)
      await own.setItem('a:b', value)
      expect(await storage.getItem('a:b')).toStrictEqual(await own.getItem('a:b'))
      expect(await storage.getItemRaw('a:b')).toStrictEqual(await own.getItemRaw('a:b'))
      expect(await storage.hasItem('a:b')).toBe(true)
    },
  )

  test('what is missing is null', async () => {
    const storage = storageOf()
    expect(await storage.getItem('a')).toBe(null)
    expect(await storage.getItemRaw('a')).toBe(null)
    expect(await storage.hasItem('a')).toBe(false)
    expect(await storage.getKeys()).toEqual([])
  })

  test('undefined removes', async () => {
    const storage = storageOf()
    await storage.setItem('a', 1)
    await storage.setItem('a', undefined as never)
    expect(await storage.hasItem('a')).toBe(false)
  })

  test('keys are one, however they are written', async () => {
    const storage = storageOf()
    await storage.setItem('/a/b.json?v=1', 'x')
    expect(await storage.getItem('a:b.json?v=2')).toBe('x')
    expect(await storage.getKeys()).toEqual(['a:b.json'])
  })

  test('many at once', async () => {
    const storage = storageOf()
    await storage.setItems([
      { key: 'a/1', value: 'one' },
      { key: 'a/2', value: 2 as never },
    ])
    expect(await storage.getItems(['a:1', { key: 'a:2' }, 'a:3'])).toEqual([
      { key: 'a:1', value: 'one' },
      { key: 'a:2', value: 2 },
      { key: 'a:3', value: null },
    ])
  })

  test('what unstorage cannot make a string of is refused', async () => {
    await expect(storageOf().setItem('a', new (class Plain {})())).rejects.toThrow('Cannot stringify')
  })

  test('a snapshot goes out and in', async () => {
    const [from, to] = [storageOf(), storageOf()]
    await from.setItem('s:a', { b: 1 })
    await restoreSnapshot(to, await snapshot(from, 's'), 's')
    expect(await to.getItem('s:a')).toEqual({ b: 1 })
  })
})

describe('keys', () => {
  test('all, below a base, and to a depth', async () => {
    const storage = storageOf()
    for (const key of ['top', 'a:one', 'a:b:two', 'ab:three']) await storage.setItem(key, key)
    expect((await storage.getKeys()).sort()).toEqual(['a:b:two', 'a:one', 'ab:three', 'top'])
    expect((await storage.getKeys('a')).sort()).toEqual(['a:b:two', 'a:one'])
    expect(await storage.getKeys(undefined, { maxDepth: 0 })).toEqual(['top'])
    expect((await prefixStorage(storage, 'a').getKeys()).sort()).toEqual(['b:two', 'one'])
  })

  test('removeItem, with what was said of the item', async () => {
    const storage = storageOf()
    await storage.setItem('a', 1)
    await storage.setMeta('a', { owner: 'Ada' })
    await storage.removeItem('a', { removeMeta: true })
    expect(await storage.hasItem('a')).toBe(false)
    expect(await storage.getMeta('a')).toEqual({})
  })

  test('clear empties the mount, and twice does no harm', async () => {
    const storage = storageOf().mount('other', nearcacheDriver())
    await storage.setItem('a', 1)
    await storage.setItem('other:a', 1)
    await storage.clear('other')
    expect(await storage.getKeys()).toEqual(['a'])
    await storage.clear()
    await storage.clear()
    expect(await storage.getKeys()).toEqual([])
  })

  test('the driver itself clears below a base', () => {
    const driver = nearcacheDriver()
    for (const key of ['a:1', 'a:2', 'ab:1']) driver.setItem(key, 'x')
    driver.clear('a:')
    expect(driver.getKeys()).toEqual(['ab:1'])
  })
})

describe('raw values', () => {
  test('are kept by reference', async () => {
    const storage = storageOf()
    const value = { at: new Date(), tags: new Set(['a']), bytes: new Uint8Array([1, 2, 3]) }
    await storage.setItemRaw('a', value)
    expect(await storage.getItemRaw('a')).toBe(value)
  })

  test('are given by getItem too, without being parsed', async () => {
    const storage = storageOf()
    const value = { at: new Date() }
    await storage.setItemRaw('a', value)
    expect(await storage.getItem('a')).toBe(value)
  })

  test('that are falsy stay what they are', async () => {
    const storage = storageOf()
    for (const value of [0, '', false]) {
      await storage.setItemRaw('a', value)
      expect(await storage.getItemRaw('a')).toBe(value)
    }
  })

  test('other values reach the driver as strings, and are parsed for each reader', async () => {
    const storage = storageOf()
    await storage.setItem('a', { b: 1 })
    expect(await storage.getItemRaw('a')).toBe('{"b":1}')
    expect(await storage.getItem('a')).not.toBe(await storage.getItem('a'))
  })
})

test('those who watch are told of what is written and removed', async () => {
  const storage = createStorage().mount('near', nearcacheDriver())
  const seen: string[] = []
  const unwatch = await storage.watch((event, key) => seen.push(`${event} ${key}`))
  await storage.setItem('near:a', 1)
  await storage.setItemRaw('near:b', {})
  await storage.removeItem('near:a')
  await unwatch()
  await storage.setItem('near:a', 2)
  expect(seen).toEqual(['update near:a', 'update near:b', 'remove near:a'])
})

describe('the cache beneath', () => {
  test('is the one that was given, which dispose leaves as it is', async () => {
    const cache = new Cache<string>()
    const storage = storageOf(cache)
    await storage.setItem('a', 1)
    expect(cache.get('a')).toBe('1')
    expect(storage.getMount().driver.getInstance?.()).toBe(cache)
    await storage.dispose()
    expect(cache.get('a')).toBe('1')
  })

  test('may be a namespace', async () => {
    const cache = new Cache<string>()
    const storage = storageOf(cache.namespace('files'))
    cache.set('a', 'mine')
    await storage.setItem('a', 1)
    await storage.clear()
    expect(cache.get('a')).toBe('mine')
  })

  test('is emptied by dispose and unmount where the driver has made it', async () => {
    const driver = nearcacheDriver()
    const storage = createStorage().mount('near', driver)
    await storage.setItem('near:a', 1)
    await storage.unmount('near')
    expect(driver.getInstance().size).toBe(0)
    await storage.mount('near', driver).setItem('near:a', 2)
    expect(await storage.getItem('near:a')).toBe(2)
    await storage.dispose()
    expect(driver.getInstance().size).toBe(0)
  })

  test('takes the options of a mount in Nitro, the name of the driver among them', () => {
    const driver = nearcacheDriver({ driver: 'nearcache/unstorage', maxEntries: 2 })
    for (const key of ['a', 'b', 'c']) driver.setItem(key, 'x')
    expect(driver.getKeys()).toHaveLength(2)
  })

  test('refuses wrong options', () => {
    expect(() => nearcacheDriver({ maxEntires: 1 } as object)).toThrow("did you mean 'maxEntries'?")
    expect(() => nearcacheDriver(null as never)).toThrow('options: expected an object of settings, got null')
  })

  test('rejects what comes after it was closed', async () => {
    const cache = new Cache<string>()
    const storage = storageOf(cache)
    cache.close()
    await expect(storage.getItem('a')).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(storage.setItem('a', 1)).rejects.toMatchObject({ code: 'CLOSED' })
  })
})

test('the number of items is bounded, where that of the memory driver is not', async () => {
  const storage = storageOf()
  const own = createStorage()
  for (let i = 0; i < 1500; i++) {
    await storage.setItem(`page:${i}`, 'x')
    await own.setItem(`page:${i}`, 'x')
  }
  expect(await storage.getKeys()).toHaveLength(1000)
  expect(await own.getKeys()).toHaveLength(1500)
})
