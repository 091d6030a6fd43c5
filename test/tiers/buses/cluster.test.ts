import { fork } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { clusterBus } from '../../../src/tiers/cluster.ts'
import { bundled } from '../support/bundled.ts'

test('what one worker of a cluster deletes neither the other one nor the primary serves', {
  timeout: 60_000,
}, async () => {
  const file = await bundled(new URL('cluster-worker.ts', import.meta.url).pathname)
  const primary = fork(file, { execArgv: [] })
  try {
    const ended = once(primary, 'exit')
    const [result] = await once(primary, 'message')
    expect(result).toEqual({ isTold: true, codes: [0, 0] })
    expect((await ended)[0]).toBe(0)
  } finally {
    primary.kill('SIGKILL')
  }
})

test('a channel with no name is refused', () => {
  expect(() => clusterBus('')).toThrow('channel: expected a string of at least one character')
})
