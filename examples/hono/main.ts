import assert from 'node:assert/strict'
import { createApp } from './app.ts'

declare const Bun: {
  version: string
  serve(options: { port: number; fetch: (request: Request) => Response | Promise<Response> }): {
    port: number
    stop(force?: boolean): Promise<void>
  }
}

let asked = 0
const { app, rates } = createApp(async (base) => {
  asked++
  await new Promise((done) => setTimeout(done, 50)) // the way to the service and back
  return { base, at: Date.now(), rates: { USD: 1.1, CHF: 0.95 } }
})

const server = Bun.serve({ port: 0, fetch: app.fetch })
console.log(`Hono on Bun ${Bun.version}, http://localhost:${server.port}`)
const convert = (path: string): Promise<Response> => fetch(`http://localhost:${server.port}/convert/${path}`)

const answers = await Promise.all(Array.from({ length: 200 }, () => convert('100/EUR/USD')))
assert.ok(answers.every(({ status }) => status === 200))
assert.equal(asked, 1)
console.log(`200 requests at once: the service was asked ${asked} time`)

const { amount } = (await (await convert('100/EUR/CHF')).json()) as { amount: number }
assert.equal(amount, 95)
assert.equal(asked, 1)
console.log(`another currency of the same table: ${amount} CHF, asked ${asked} time`)

assert.equal((await convert('1/EUR/XXX')).status, 404)
const { hits, joins, loads } = rates.stats()
console.log(`hits ${hits}, joined a load ${joins}, loads ${loads}`)
await server.stop(true)
