import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { against } from './support/against.ts'
import { hasServer, startServer, type TestServer } from './support/server.ts'

describe.skipIf(!hasServer)('the scripts on a real server (skipped where there is none)', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer()
  }, 150_000)
  afterAll(() => server?.kill())

  test('answer as the model that is simulated, whatever of their keys is lost', {
    timeout: 60_000,
  }, async () => {
    const seed = Number(process.env.SEED ?? 1)
    const outcomes = await against(server.socket, seed, 4000)
    expect(Object.keys(outcomes).sort()).toEqual(
      [
        'anchor',
        'entry gone',
        'fill: newer',
        'fill: old',
        'fill: overtaken',
        'fill: stored',
        'fill: unknown',
        'flushed',
        'key fences gone',
        'log gone',
        'pull',
        'pull: history lost',
        'pull: no state',
        'lease given up',
        'no lease to give up',
        'read: another loads',
        'read: leased',
        'read: history lost',
        'read: hit',
        'read: miss',
        'read: no state',
        'set: given up',
        'set: kept',
        'state gone',
        'tag fences gone',
        'write: clear',
        'write: delete',
        'write: expire',
      ].sort(),
    )
  })
})
