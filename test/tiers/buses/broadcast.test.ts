import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterEach, expect, test } from 'vitest'
import { broadcastBus } from '../../../src/tiers/broadcast.ts'
import { TieredCache } from '../../../src/tiers/tiered.ts'
import { bundled } from '../support/bundled.ts'
import { until } from '../support/until.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function thread(file: string) {
  const worker = new Worker(file)
  open.push(() => worker.terminate())
  await once(worker, 'message')
  const ask = async (...call: string[]): Promise<unknown> => {
    const answer = once(worker, 'message')
    worker.postMessage(call)
    return (await answer)[0]
  }
  return { worker, ask }
}

test('what one thread deletes no other serves, and a thread that closes can end', {
  timeout: 60_000,
}, async () => {
  const file = await bundled(new URL('thread.ts', import.meta.url).pathname)
  const [one, other] = [await thread(file), await thread(file)]
  const here = new TieredCache<string, string>({ name: 'threads', remote: broadcastBus() })
  open.push(() => here.close())
  await here.ready()
  await until(async () => {
    await other.ask('load', 'a', 'old')
    return (await other.ask('get', 'a')) === 'old'
  })
  expect(await one.ask('delete', 'a')).toBe(true)
  await until(async () => (await other.ask('get', 'a')) === null)
  await one.ask('load', 'b', 'old')
  expect(await here.delete('b')).toBe(true)
  await until(async () => (await one.ask('get', 'b')) === null)
  const ended = once(one.worker, 'exit')
  one.worker.postMessage(['close'])
  expect((await ended)[0]).toBe(0)
})

test('a channel with no name is refused', () => {
  expect(() => broadcastBus('')).toThrow('channel: expected a string of at least one character')
})
