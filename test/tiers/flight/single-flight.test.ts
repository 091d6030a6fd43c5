import { type ChildProcess, fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bundled } from '../support/bundled.ts'
import { hasServer, startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'
import type { FromWorker, Settings, ToWorker } from './worker.ts'

const LONG = 60_000

/** A process with a cache. Its loads are answered by the test. */
class Worker {
  readonly loading: string[] = []
  readonly #child: ChildProcess
  readonly #answers = new Map<number, (answer: Extract<FromWorker, { kind: 'answer' }>) => void>()
  #asked = 0
  isReady = false

  constructor(program: string, settings: Settings) {
    this.#child = fork(program, [JSON.stringify(settings)], { execArgv: [] })
    this.#child.on('error', () => {})
    this.#child.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') this.isReady = true
      else if (message.kind === 'loading') this.loading.push(message.key)
      else this.#answers.get(message.id)?.(message)
    })
  }

  ask(key: string, { kind = 'load' as 'load' | 'lookup', ttl = LONG } = {}): Promise<unknown> {
    const id = ++this.#asked
    this.#tell({ kind, id, key, ttl })
    return new Promise((resolve) =>
      this.#answers.set(id, ({ value, error }) => resolve(error === undefined ? value : `failed: ${error}`)),
    )
  }

  /** Ends the load of a key that is under way. */
  answer(key: string, result: { value?: string; error?: string }): void {
    this.#tell({ kind: 'loaded', key, ...result })
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  #tell(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, () => {})
  }
}

describe.skipIf(!hasServer)(
  'one load among processes over a real server (skipped where there is none)',
  () => {
    let server: TestServer
    let workers: Worker[] = []
    let program: string
    beforeAll(async () => {
      server = await startServer()
      program = await bundled(fileURLToPath(new URL('worker.ts', import.meta.url)))
    }, 150_000)
    afterEach(async () => {
      for (const worker of workers.splice(0)) worker.signal('SIGKILL')
      await server.socket.command(['FLUSHALL'])
    })
    afterAll(async () => {
      await server?.kill()
      rmSync(program, { force: true })
    })

    async function start(
      count: number,
      { lease = LONG, wait = LONG, staleIfError = 0 } = {},
    ): Promise<Worker[]> {
      workers = Array.from(
        { length: count },
        () => new Worker(program, { port: server.port, lease, wait, staleIfError }),
      )
      await until(() => workers.every((worker) => worker.isReady))
      return workers
    }

    const loads = (key = 'a'): number =>
      workers.flatMap((worker) => worker.loading.filter((one) => one === key)).length
    const leader = (key = 'a'): Worker => workers.find((worker) => worker.loading.includes(key))!
    const others = (key = 'a'): Worker[] => workers.filter((worker) => worker !== leader(key))
    const isLeased = async (key = 'a'): Promise<boolean> =>
      (await server.socket.command(['STRLEN', `nc:{flight}:v:s${key}`])) !== 0

    test('however many processes ask at once, one loads, and all get its result', {
      timeout: LONG,
    }, async () => {
      await start(4)
      const answers = Promise.all(workers.map((worker) => worker.ask('a')))
      await until(() => loads() > 0)
      leader().answer('a', { value: 'loaded' })
      expect(await answers).toEqual(['loaded', 'loaded', 'loaded', 'loaded'])
      expect(loads()).toBe(1)
    })

    test('where the one that loads is killed, one other loads when the lease has ended', {
      timeout: LONG,
    }, async () => {
      await start(4, { lease: 400 })
      const asked = workers.map((worker) => ({ worker, answer: worker.ask('a') }))
      await until(() => loads() === 1)
      const dead = leader()
      dead.signal('SIGKILL')
      await until(() => loads() === 2)
      const next = workers.find((worker) => worker !== dead && worker.loading.length > 0)!
      next.answer('a', { value: 'second' })
      const answers = await Promise.all(
        asked.filter(({ worker }) => worker !== dead).map(({ answer }) => answer),
      )
      expect(answers).toEqual(['second', 'second', 'second'])
      expect(loads()).toBe(2)
    })

    test('where the one that loads is frozen, another one loads, and what the first one brings later stays out', {
      timeout: LONG,
    }, async () => {
      const [one, other, third] = await start(3, { lease: 400 })
      const late = one!.ask('a')
      await until(() => loads() === 1)
      one!.signal('SIGSTOP')
      one!.answer('a', { value: 'from long ago' })
      const answer = other!.ask('a')
      await until(() => loads() === 2)
      other!.answer('a', { value: 'second' })
      expect(await answer).toBe('second')
      await until(async () => (await third!.ask('a', { kind: 'lookup' })) !== undefined)
      one!.signal('SIGCONT')
      expect(await late).toBe('from long ago')
      // What it has sent is answered in order: a read comes after the late fill.
      await one!.ask('b', { kind: 'lookup' })
      const [fresh] = await Promise.all([another().then((worker) => worker.ask('a'))])
      expect(fresh).toBe('second')
      expect(loads()).toBe(2)
    })

    /** One more process, which holds nothing yet. */
    async function another(): Promise<Worker> {
      const worker = new Worker(program, { port: server.port, lease: LONG, wait: LONG, staleIfError: 0 })
      workers.push(worker)
      await until(() => worker.isReady)
      return worker
    }

    test('who has waited for as long as it may loads for itself', { timeout: LONG }, async () => {
      const [one, other] = await start(2, { wait: 300 })
      void one!.ask('a')
      await until(() => loads() === 1)
      const started = performance.now()
      const answer = other!.ask('a')
      await until(() => other!.loading.length === 1)
      expect(performance.now() - started).toBeGreaterThan(290)
      other!.answer('a', { value: 'own' })
      expect(await answer).toBe('own')
      expect(await isLeased()).toBe(true)
    })

    test.each([
      ['finds nothing', {}, undefined],
      ['fails', { error: 'down' }, 'failed: down'],
    ])(
      'where the loader %s nobody waits for it any longer, nor does the next one who asks',
      {
        timeout: LONG,
      },
      async (_, result, answer) => {
        const [one, other] = await start(2)
        const first = one!.ask('a')
        await until(() => loads() === 1)
        const second = other!.ask('a')
        one!.answer('a', result)
        expect(await first).toBe(answer)
        await until(() => other!.loading.length === 1)
        other!.answer('a', { value: 'found' })
        expect(await second).toBe('found')
        const again = one!.ask('b')
        await until(() => one!.loading.includes('b'))
        one!.answer('b', result)
        await again
        const third = one!.ask('b')
        await until(() => loads('b') === 2)
        one!.answer('b', { value: 'found' })
        expect(await third).toBe('found')
      },
    )

    test('a lookup takes no lease, and waits for none', { timeout: LONG }, async () => {
      const [one, other] = await start(2)
      expect(await one!.ask('a', { kind: 'lookup' })).toBeUndefined()
      const answer = other!.ask('a')
      await until(() => loads() === 1)
      expect(await one!.ask('a', { kind: 'lookup' })).toBeUndefined()
      other!.answer('a', { value: 'loaded' })
      expect(await answer).toBe('loaded')
    })

    test('what is over and kept for failures is loaded by one as well, and given where that one fails', {
      timeout: LONG,
    }, async () => {
      await start(3, { staleIfError: LONG, lease: LONG, wait: LONG })
      const first = workers[0]!.ask('a', { ttl: 3_000 })
      await until(() => loads() === 1)
      workers[0]!.answer('a', { value: 'old' })
      await first
      await until(async () => (await workers[1]!.ask('a', { kind: 'lookup' })) === 'old')
      await until(async () => (await workers[2]!.ask('a', { kind: 'lookup' })) === undefined)
      for (const worker of workers) worker.loading.length = 0
      const answers = workers.slice(1).map((worker) => worker.ask('a'))
      await until(() => loads() === 1)
      const loading = leader()
      const rest = others().find((worker) => worker !== workers[0])!
      loading.answer('a', { error: 'down' })
      await until(() => rest.loading.length === 1)
      rest.answer('a', { value: 'new' })
      expect((await Promise.all(answers)).sort()).toEqual(['new', 'old'])
      expect(loads()).toBe(2)
    })
  },
)
