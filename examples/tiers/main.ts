import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startServer } from '../../test/tiers/support/server.ts'

/** A process of the service, which is asked to do things. */
class Web {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (reply: { result: unknown; time: number }) => void>()
  readonly #name: string
  #calls = 0

  constructor(name: string, port: number) {
    this.#name = name
    this.#child = fork(fileURLToPath(new URL('web.js', import.meta.url)), [`${port}`])
    this.#child.on(
      'message',
      (message: {
        id: number
        ask?: { user: number; name?: string }
        note?: string
        result: unknown
        time: number
      }) => {
        if (message.note !== undefined) console.log(`   ${name} notes: ${message.note}`)
        else if (message.ask !== undefined) this.#child.send({ id: message.id, answer: ask(message.ask) })
        else this.#waiting.get(message.id)?.(message)
      },
    )
  }

  async do(call: string, ...args: unknown[]): Promise<unknown> {
    const id = ++this.#calls
    const reply = new Promise<{ result: unknown; time: number }>((resolve) => this.#waiting.set(id, resolve))
    this.#child.send({ id, call, args })
    const { result, time } = await reply
    if (result !== undefined)
      console.log(`   ${this.#name} ${call}(${args.join(', ')}): ${result}   ${time.toFixed(1)} ms`)
    return result
  }
}

const names = new Map([[42, 'Ann']])
function ask({ user, name }: { user: number; name?: string }): { id: number; name: string } {
  if (name !== undefined) names.set(user, name)
  return { id: user, name: names.get(user)! }
}

let redis = await startServer()
const { port } = redis
const [one, other] = [new Web('one', port), new Web('other', port)]
await one.do('ready')
await other.do('ready')
await sleep(200)

console.log('\nTwo processes read a user: from the database, from Redis, from themselves.')
await one.do('read', 42)
await other.do('read', 42)
await other.do('read', 42)

console.log('\nOne renames her; the other process serves the old name no more.')
await one.do('rename', 42, 'Beth')
await other.do('read', 42)

console.log(
  '\nRedis is killed. What is held is served for maxStale (2 s), then users come from the database.',
)
await redis.kill()
await other.do('read', 42)
await sleep(2500)
await other.do('read', 42)

console.log(
  '\nOne deletes her meanwhile: false, as Redis does not know yet. It does as soon as it is back, empty.',
)
await one.do('delete', 42)
redis = await startServer({ port })
await one.do('settled')
await sleep(1500)
await other.do('read', 42)
await one.do('read', 42)

await Promise.all([one.do('close'), other.do('close')])
await redis.kill()
console.log('\nAll of it went through a Redis that this program started for itself.')
