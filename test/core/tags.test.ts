import { expect, test } from 'vitest'
import { anyDead, joinTags, leaveTags, type TagGroup } from '../../src/core/tags.ts'

interface Home {
  tags: Map<string, TagGroup> | undefined
  readonly parent: Home | undefined
}

const home = (parent?: Home): Home => ({ tags: undefined, parent })

test('an entry is in one group per tag, in its space and in each around it', () => {
  const root = home()
  const inner = home(home(root))
  const groups = joinTags(inner, ['a', 'b', 'a'])
  expect(groups).toHaveLength(6)
  expect(new Set(groups).size).toBe(6)
  for (let at: Home | undefined = inner; at !== undefined; at = at.parent)
    expect([...at.tags!.keys()]).toEqual(['a', 'b'])
})

test('entries of a tag share its group', () => {
  const root = home()
  const inner = home(root)
  const [inInner, inRoot] = joinTags(inner, ['a'])
  expect(joinTags(root, ['a'])).toEqual([inRoot])
  expect(joinTags(inner, ['a'])).toEqual([inInner, inRoot])
})

test('a dead group makes the entry dead, and no other tag', () => {
  const root = home()
  const both = joinTags(root, ['a', 'b'])
  const other = joinTags(root, ['b'])
  expect(anyDead(both)).toBe(false)
  root.tags!.get('a')!.kill()
  expect([anyDead(both), anyDead(other)]).toEqual([true, false])
})

test('a tag killed in an inner space lives on outside', () => {
  const root = home()
  const inner = home(root)
  const inside = joinTags(inner, ['a'])
  const outside = joinTags(root, ['a'])
  inner.tags!.get('a')!.kill()
  expect([anyDead(inside), anyDead(outside)]).toEqual([true, false])
})

test('a tag used again after its group died begins a new one', () => {
  const root = home()
  const before = joinTags(root, ['a'])
  root.tags!.get('a')!.kill()
  const after = joinTags(root, ['a'])
  expect(after).not.toEqual(before)
  expect(anyDead(after)).toBe(false)
  leaveTags(before)
  expect(root.tags!.get('a')).toBe(after[0])
})

test('the last one to leave takes the group off', () => {
  const root = home()
  const inner = home(root)
  const one = joinTags(inner, ['a', 'b'])
  const two = joinTags(root, ['a'])
  leaveTags(one)
  expect([inner.tags!.size, [...root.tags!.keys()]]).toEqual([0, ['a']])
  leaveTags(two)
  expect(root.tags!.size).toBe(0)
})
