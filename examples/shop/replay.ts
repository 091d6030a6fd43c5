import { setImmediate } from 'node:timers/promises'
import type { Shop } from './service.ts'

/** What was measured while a shop served a trace. */
export interface Replay {
  /** Milliseconds that each request took. */
  times: Float64Array
  /** 1 for each request that was answered without a query, else 0. */
  hits: Uint8Array
  /** Milliseconds that the whole replay took. */
  total: number
  queries: number
  expirations: number
}

/**
 * Lets each shop serve the trace, or as much of it as all can serve within `time` milliseconds: the same requests in
 * any case. They take turns, a slice of the trace each, so that whatever else the machine does meanwhile slows all of
 * them down alike.
 */
export async function replay<Name extends string>(
  shops: Map<Name, Shop>,
  trace: Uint32Array,
  time: number,
  onProgress: (served: number, hits: Map<Name, number>) => void = () => {},
): Promise<Map<Name, Replay>> {
  const recorders = [...shops].map(([name, shop]) => ({ name, recorder: new Recorder(shop, trace) }))
  const end = performance.now() + time
  for (let served = 0; served < trace.length && performance.now() < end; ) {
    served = Math.min(served + slice, trace.length)
    for (const { recorder } of recorders) await recorder.serveUntil(served)
    recorders.push(recorders.shift()!)
    onProgress(served, new Map(recorders.map(({ name, recorder }) => [name, recorder.hitCount])))
  }
  const results = new Map(recorders.map(({ name, recorder }) => [name, recorder.result()]))
  return new Map([...shops.keys()].map((name) => [name, results.get(name)!]))
}

const slice = 500

/** Serves requests one after the other, because PGlite answers one query at a time, and takes the time. */
class Recorder {
  readonly #shop: Shop
  readonly #trace: Uint32Array
  readonly #times: Float64Array
  readonly #hits: Uint8Array
  #served = 0
  #total = 0
  hitCount = 0

  constructor(shop: Shop, trace: Uint32Array) {
    this.#shop = shop
    this.#trace = trace
    this.#times = new Float64Array(trace.length)
    this.#hits = new Uint8Array(trace.length)
  }

  async serveUntil(end: number): Promise<void> {
    const begin = performance.now()
    for (; this.#served < end; this.#served++) await this.#serve(this.#served)
    this.#total += performance.now() - begin
  }

  result(): Replay {
    return {
      times: this.#times.subarray(0, this.#served),
      hits: this.#hits.subarray(0, this.#served),
      total: this.#total,
      queries: this.#shop.queries,
      expirations: this.#shop.pages.stats().expirations,
    }
  }

  /** Each request begins in a turn of the event loop of its own, as if it had come over the network. */
  async #serve(request: number): Promise<void> {
    await setImmediate()
    const id = this.#trace[request]!
    const queries = this.#shop.queries
    const start = performance.now()
    const page = await this.#shop.productPage(id)
    this.#times[request] = performance.now() - start
    if (page.id !== id) throw new Error(`Asked for product ${id}, got product ${page.id}`)
    if (this.#shop.queries > queries) return
    this.#hits[request] = 1
    this.hitCount++
  }
}
