import { Hono } from 'hono'
import { Cache } from 'nearcache'
import { scoped } from 'nearcache/scope'
import { requestScope } from 'nearcache/scope/hono'

export interface Rates {
  base: string
  at: number
  rates: Record<string, number>
}

/** The exchange rates of a currency from a slow service, which is asked by fetch. */
export type Source = (base: string) => Promise<Rates>

/** Converts amounts at rates that are at most a minute old, or ten while the service has trouble. */
export function createApp(source: Source) {
  const rates = new Cache<string, Rates>({
    maxEntries: 200,
    ttl: '1m',
    refreshAhead: 0.8, // rates in use are loaded anew before their minute is over, and nobody waits
    staleIfError: '10m',
    hardTimeout: '2s',
  })
  // What one request has read stays the same for the whole of it, even if the rates change meanwhile.
  const ofRequest = scoped({ over: rates })

  const app = new Hono()
  app.use(requestScope)

  app.get('/convert/:amount/:from/:to', async (context) => {
    const { amount, from, to } = context.req.param()
    const { rates: byCurrency, at } = await ofRequest.getOrLoad(from, source)
    const rate = byCurrency[to]
    if (rate === undefined) return context.json({ error: `no rate from ${from} to ${to}` }, 404)
    return context.json({ amount: Number(amount) * rate, at })
  })

  return { app, rates }
}
