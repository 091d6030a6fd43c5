import { Worker } from 'node:worker_threads'

/** How a pool chooses the worker of a task: the next one in turn, or always the same one for the same key. */
export type Routing = 'in turn' | 'by key'

/** What a worker answers. */
export interface Answer {
  readonly id: number
  readonly result: unknown
}

/** Workers that each have a cache of their own, since threads share no objects. */
export class Pool {
  readonly #workers: Worker[]
  readonly #routing: Routing
  readonly #waiting = new Map<number, (result: unknown) => void>()
  #next = 0

  constructor(size: number, routing: Routing, channel: string) {
    this.#routing = routing
    this.#workers = Array.from({ length: size }, () => {
      const worker = new Worker(new URL('worker.js', import.meta.url), { workerData: { channel } })
      return worker.on('message', ({ id, result }: Answer) => {
        this.#waiting.get(id)?.(result)
        this.#waiting.delete(id)
      })
    })
  }

  /** The thumbnail of a picture, made by a worker or found in its cache. */
  thumbnail(picture: string): Promise<unknown> {
    return this.#ask(this.#workerFor(picture), { kind: 'thumbnail', picture })
  }

  /** The counters of all caches, summed up. */
  async stats(): Promise<{ hits: number; misses: number; size: number }> {
    const all = await Promise.all(this.#workers.map((worker) => this.#ask(worker, { kind: 'stats' })))
    const sum = { hits: 0, misses: 0, size: 0 }
    for (const { hits, misses, size } of all as (typeof sum)[]) {
      sum.hits += hits
      sum.misses += misses
      sum.size += size
    }
    return sum
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  #workerFor(key: string): Worker {
    const place = this.#routing === 'in turn' ? this.#next : hash(key)
    return this.#workers[place % this.#workers.length]!
  }

  #ask(worker: Worker, task: object): Promise<unknown> {
    const id = this.#next++
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      worker.postMessage({ id, ...task })
    })
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value >>> 0
}
