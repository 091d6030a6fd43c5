import { expect, test } from 'vitest'
import { isCollected } from '../../support/collection.ts'
import * as fastify from './fastify.ts'
import * as hono from './hono.ts'
import { visit } from './work.ts'

test('Hono without a server: the scope ends when the body was read to its end', async () => {
  const [id, one] = visit()
  const response = await hono.app().request(`/stream/${id}`)
  one.gate.resolve()
  expect(one.hasEnded).toBe(false)
  expect(await response.text()).toBe('1 1 1 ')
  await one.ended.promise
  expect(await isCollected(one.remembered!)).toBe(true)
})

test('Hono without a server: headers and status stay, and the scope ends when the body is given up', async () => {
  const [id, one] = visit()
  const response = await hono.app().request(`/user/${id}`)
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json'])
  await response.body!.cancel()
  await one.ended.promise
})

test('Hono without a server: an answer without a body ends it at once', async () => {
  const [id, one] = visit()
  expect((await hono.app().request(`/fail/${id}`)).status).toBe(500)
  await one.ended.promise
})

test('Hono: the answer to HEAD, whose body nobody reads, holds nothing', async () => {
  const [id, one] = visit()
  expect((await hono.app().request(`/user/${id}`, { method: 'HEAD' })).status).toBe(200)
  expect(await isCollected(one.remembered!)).toBe(true)
})

test('Fastify without a server', async () => {
  const asked = Array.from({ length: 10 }, () => visit())
  const app = fastify.app()
  const answers = await Promise.all(asked.map(async ([id]) => (await app.inject(`/user/${id}`)).json()))
  expect(answers).toEqual(asked.map(([id]) => ({ id, loads: 1 })))
  await Promise.all(asked.map(([, one]) => one.ended.promise))
  await app.close()
})
