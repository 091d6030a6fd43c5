import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Names, Space } from '../../src/core/space.ts'
import { isCollected } from '../support/collection.ts'

test('a name or a version is one space as long as somebody holds it', () => {
  const root = new Space()
  const users = root.namespace('users')
  const second = root.withVersion(2)
  expect(root.namespace('users')).toBe(users)
  expect(root.withVersion(2)).toBe(second)
  expect(root.namespace('2')).not.toBe(second)
  expect([users.parent, second.parent]).toEqual([root, root])
})

test('version 1 is the space itself, and versions are told from the same base', () => {
  const root = new Space()
  const third = root.withVersion(3)
  expect(root.withVersion(1)).toBe(root)
  expect(third.withVersion(1)).toBe(root)
  expect(third.withVersion(2)).toBe(root.withVersion(2))
  expect([root.version, third.version, root.withVersion(-5).version]).toEqual([1, 3, -5])
  expect([root.base, third.base]).toEqual([root, root])
})

test('versions of a namespace are its own', () => {
  const root = new Space()
  const users = root.namespace('users')
  const second = users.withVersion(2)
  expect(second).not.toBe(root.withVersion(2))
  expect([second.base, second.parent]).toEqual([users, users])
})

test('namespaces of a version are its own', () => {
  const root = new Space()
  const inside = root.withVersion(2).namespace('users')
  expect(inside).not.toBe(root.namespace('users'))
  expect([inside.base, inside.version]).toEqual([inside, 1])
})

test('all: the space itself and what is inside it, however deep', () => {
  const root = new Space()
  const a = root.namespace('a')
  const inA = a.namespace('a')
  const version = a.withVersion(7)
  const b = root.namespace('b')
  expect(new Set(root.all())).toEqual(new Set([root, a, inA, version, b]))
  expect(new Set(a.all())).toEqual(new Set([a, inA, version]))
})

test('renew puts an empty table in place and gives the old one', () => {
  const space = new Space()
  const { table } = space
  space.put('key', 8)
  expect(space.renew()).toBe(table)
  expect(space.table).not.toBe(table)
  expect(space.table.map.size).toBe(0)
  expect(space.map).toBe(space.table.map)
  expect([table.space, space.table.space]).toEqual([space, space])
})

test('a Map in which keys come and go is copied now and then, whatever it holds then', () => {
  const space = new Space()
  const maps = new Set<Map<unknown, number>>()
  for (let i = 0; i < 10_000; i++) {
    space.put(i, i + 1)
    if (i >= 100) space.map.delete(i - 100)
    maps.add(space.map)
    expect(space.map).toBe(space.table.map)
  }
  expect(maps.size).toBe(10)
  expect([...space.map]).toEqual(Array.from({ length: 100 }, (_, i) => [i + 9900, i + 9901]))
})

test('a large Map is not copied', () => {
  const space = new Space()
  for (let i = 0; i < 2049; i++) space.put(i, i + 1)
  const { map } = space
  for (let i = 2049; i < 200_000; i++) {
    space.put(i, i + 1)
    space.map.delete(i - 2049)
  }
  expect(space.map).toBe(map)
})

test('after detach the name begins anew', () => {
  const root = new Space()
  const before = root.namespace('users')
  before.detach()
  expect([...root.all()]).toEqual([root])
  expect(root.namespace('users')).not.toBe(before)
  root.detach()
})

test('what is made inside a closed space is closed', () => {
  const root = new Space()
  const users = root.namespace('users')
  users.closed = true
  expect([users.namespace('a').closed, users.withVersion(2).closed]).toEqual([true, true])
  expect(root.namespace('other').closed).toBe(false)
})

test('names are held weakly: a name goes with its space', async () => {
  const names = new Names<string>()
  const kept = names.keep('kept', new Space())
  const ref = new WeakRef(names.keep('gone', new Space()))
  expect(names.size).toBe(2)
  expect(await isCollected(ref)).toBe(true)
  for (let turn = 0; turn < 100 && names.size > 1; turn++) await setImmediate()
  expect([names.size, names.find('kept'), names.find('gone')]).toEqual([1, kept, undefined])
  expect([...names]).toEqual([kept])
})

test('a space that is not the one of its name any more does not take the name off', () => {
  const names = new Names<string>()
  const before = names.keep('a', new Space())
  const after = names.keep('a', new Space())
  names.forget('a', before)
  expect(names.find('a')).toBe(after)
  names.forget('a', after)
  expect(names.find('a')).toBe(undefined)
})

test('all: namespaces however many and however deep', () => {
  const root = new Space()
  const held: Space[] = []
  for (let i = 0, space = root; i < 20_000; i++) {
    space = space.namespace('inside')
    held.push(space, root.namespace(`beside ${i}`))
  }
  expect([...root.all()]).toHaveLength(held.length + 1)
})
