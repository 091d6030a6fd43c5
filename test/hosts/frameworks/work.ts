import { setImmediate } from 'node:timers/promises'
import { scoped } from 'nearcache/scope'
import { type Deferred, deferred } from '../../support/deferred.ts'

/** What a test and the handler of its request tell each other. */
export class Visit {
  /** Resolves when the scope of the request has ended. */
  readonly ended: Deferred<void> = deferred()
  hasEnded = false
  /** Resolves when the handler runs. */
  readonly entered: Deferred<void> = deferred()
  /** The handler goes on when the test resolves it. */
  readonly gate: Deferred<void> = deferred()
  /** What the request has remembered. */
  remembered: WeakRef<object> | undefined
  loads = 0
}

export interface User {
  readonly id: string
}

export const users = scoped<string, User>()
const visits = new Map<string, Visit>()
let count = 0

/** A request to be made: its id, and what will be known of it. */
export function visit(): [id: string, Visit] {
  const id = `visit-${++count}`
  const one = new Visit()
  visits.set(id, one)
  return [id, one]
}

/** Asks for the user of the request: a load if the request has not asked before. */
export function user(id: string): Promise<User> {
  const one = visits.get(id)!
  return users.getOrLoad('me', async () => {
    one.loads++
    await setImmediate()
    const loaded = { id }
    one.remembered = new WeakRef(loaded)
    return loaded
  })
}

/** Begins to watch the scope of the request, by a load that it does not wait for. */
function enter(id: string): Visit {
  const one = visits.get(id)!
  void users.getOrLoad('watch', async (_, { signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    one.hasEnded = true
    one.ended.resolve()
    return { id }
  })
  one.entered.resolve()
  return one
}

/** `/user/:id`: asks three times, across turns of the event loop and a timer. */
export async function answer(id: string): Promise<{ id: string; loads: number }> {
  const one = enter(id)
  await Promise.all([user(id), user(id)])
  await new Promise((resolve) => setTimeout(resolve))
  return { ...(await user(id)), loads: one.loads }
}

/** `/fail/:id`: remembers, then throws. */
export async function fail(id: string): Promise<never> {
  enter(id)
  await user(id)
  throw new Error('as asked')
}

/** `/hang/:id`: answers only when the test lets it. */
export async function hang(id: string): Promise<{ id: string; loads: number }> {
  const one = enter(id)
  await user(id)
  await one.gate.promise
  return { id, loads: one.loads }
}

/** `/stream/:id`: asks for the user before each chunk; stops after the first until the test lets it go on. */
export async function* chunks(id: string): AsyncGenerator<string> {
  const one = enter(id)
  for (let i = 0; i < 3; i++) {
    await user(id)
    yield `${one.loads} `
    await one.gate.promise
  }
}

/** Told by the frameworks of errors that they would print. */
export const failures: unknown[] = []
