import 'reflect-metadata'
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { NestFactory } from '@nestjs/core'
import { ProductModule, ProductTable } from './products.js'

const app = await NestFactory.create(ProductModule, { logger: ['error', 'warn'] })
await app.listen(0)
const url = `http://localhost:${(app.getHttpServer().address() as AddressInfo).port}/products`
const table = app.get(ProductTable)

const answers = await Promise.all(Array.from({ length: 100 }, () => fetch(`${url}/1`)))
assert.ok(answers.every(({ status }) => status === 200))
assert.equal(table.queries, 1)
console.log(`100 requests at once: ${table.queries} query`)

const body = JSON.stringify({ cents: 390 })
await fetch(`${url}/1/price`, { method: 'PUT', body, headers: { 'content-type': 'application/json' } })
const product = (await (await fetch(`${url}/1`)).json()) as { cents: number }
assert.equal(product.cents, 390)
assert.equal(table.queries, 2)
console.log(`after a change: ${product.cents} cents, ${table.queries} queries in all`)

for (let i = 0; i < 10; i++) assert.equal((await fetch(`${url}/2`)).status, 404)
assert.equal(table.queries, 3)
console.log(`10 requests for what does not exist: ${table.queries} queries in all`)
await app.close()
