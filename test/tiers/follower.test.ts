import { beforeEach, expect, test } from 'vitest'
import { Follower } from '../../src/tiers/follower.ts'
import { type Cover, encodeMessage, encodePush } from '../../src/tiers/message.ts'
import { Outbox } from '../../src/tiers/outbox.ts'
import type { LogEntry, Position, Tier, TierPull } from '../../src/tiers/tier.ts'

/** Answers that a test gives when it likes. */
let pulls: ((reply: TierPull) => void)[]
let dropped: string[]
let proven: number[]
let now: number
let follower: Follower

beforeEach(async () => {
  pulls = []
  dropped = []
  proven = []
  now = 1000
  const tier = {
    pull: () => new Promise<TierPull>((resolve) => pulls.push(resolve)),
    anchor: async () => ({
      ...{ epoch: '7', isFresh: true, age: 0, head: '1-1', oldest: '1-1', time: 0, lost: [] },
    }),
  } as unknown as Tier
  const outbox = new Outbox('00000000000a', 100, {
    now: () => now,
    send: async () => undefined,
    acknowledged() {},
    queued() {},
    overflowed() {},
  })
  follower = new Follower(tier, outbox, {
    now: () => now,
    ask: (request) => request(),
    drop: (cover) => dropped.push(...cover.keys),
    distrust() {},
    proven: (at) => proven.push(at),
    onFault(_kind, error) {
      throw error
    },
  })
  follower.pull()
  await settled()
  expect(follower.last).toBe('1-1')
  proven = []
})

test('entries of a pull are applied where they follow on the position, though it moved along another history meanwhile', async () => {
  follower.pull()
  // An old primary answers the pull while an entry of the new one arrives.
  follower.pushed(encodePush({ ...entry('2-7', '1-1', 'new'), epoch: '7' }))
  expect(follower.last).toBe('2-7')
  answer('3-2', [entry('2-1', '1-1', 'old'), entry('3-2', '2-1', 'older')])
  await settled()
  expect(follower.last).toBe('2-7')
  expect(dropped).toEqual(['new'])
})

test('a pull proves nothing where it did not reach the head of the log; the next one is sent at once', async () => {
  now = 2000
  follower.pull()
  answer('4-1', [entry('2-1', '1-1', 'a'), entry('3-1', '2-1', 'b')])
  await settled()
  expect([follower.last, proven, pulls.length]).toEqual(['3-1', [], 1])
  answer('4-1', [entry('4-1', '3-1', 'c')])
  await settled()
  expect([follower.last, proven, dropped]).toEqual(['4-1', [2000], ['a', 'b', 'c']])
})

test('a pull proves what was so when it was sent, not when its answer arrives', async () => {
  now = 2000
  follower.pull()
  now = 2500
  answer('1-1', [])
  await settled()
  expect(proven).toEqual([2000])
})

function entry(id: Position, previous: Position, key: string): LogEntry {
  const cover: Cover = { keys: [key], tags: [], isClear: false, expires: false }
  const body = encodeMessage({
    ...cover,
    ...{ source: '00000000000b', number: 1, isValue: false, isRepair: false },
  })
  return { id, previous, body }
}

/** The oldest pull that waits is answered. */
function answer(head: Position, entries: readonly LogEntry[]): void {
  pulls.shift()!({ isKnown: true, epoch: '7', head, time: 0, entries })
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
