import { setImmediate } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { isCollected } from '../../support/collection.ts'
import * as express from './express.ts'
import * as fastify from './fastify.ts'
import * as hono from './hono.ts'
import * as koa from './koa.ts'
import { users, visit } from './work.ts'

describe.each(Object.entries({ express, fastify, koa, hono }))('requestScope of %s', async (_, { serve }) => {
  const { url, close } = await serve()
  afterAll(close)

  test('each of many requests at once has a scope of its own, over awaits and timers', async () => {
    const asked = Array.from({ length: 30 }, () => visit()[0])
    const answers = await Promise.all(asked.map(async (id) => (await fetch(`${url}/user/${id}`)).json()))
    expect(answers).toEqual(asked.map((id) => ({ id, loads: 1 })))
  })

  test('the scope is there after a body was read', async () => {
    const asked = Array.from({ length: 10 }, () => visit()[0])
    const answers = await Promise.all(
      asked.map(async (id) => {
        const body = JSON.stringify({ id, padding: 'x'.repeat(70_000) })
        const headers = { 'content-type': 'application/json' }
        return (await fetch(`${url}/user`, { method: 'POST', body, headers })).json()
      }),
    )
    expect(answers).toEqual(asked.map((id) => ({ id, loads: 1 })))
  })

  test('ends with the response', async () => {
    const [id, { ended }] = visit()
    await (await fetch(`${url}/user/${id}`)).text()
    await ended.promise
    expect(users.size).toBe(0)
  })

  test('ends when the handler fails', async () => {
    const [id, { ended }] = visit()
    const response = await fetch(`${url}/fail/${id}`)
    await response.text()
    expect(response.status).toBe(500)
    await ended.promise
  })

  test('ends when the connection is lost before the answer', async () => {
    const [id, one] = visit()
    const abort = new AbortController()
    const response = fetch(`${url}/hang/${id}`, { signal: abort.signal })
    await one.entered.promise
    expect(one.hasEnded).toBe(false)
    abort.abort()
    await expect(response).rejects.toThrow('aborted')
    await one.ended.promise
    one.gate.resolve()
  })

  test('lasts until a streamed response has ended, and holds for every part of it', async () => {
    const [id, one] = visit()
    const response = await fetch(`${url}/stream/${id}`)
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = (await reader.read()).value ?? ''
    await setImmediate()
    expect(one.hasEnded).toBe(false)
    one.gate.resolve()
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value
    expect(text).toBe('1 1 1 ')
    await one.ended.promise
  })

  test('ends when the connection is lost during a streamed response', async () => {
    const [id, one] = visit()
    const abort = new AbortController()
    const response = await fetch(`${url}/stream/${id}`, { signal: abort.signal })
    await response.body!.getReader().read()
    abort.abort()
    await one.ended.promise
    one.gate.resolve()
  })

  test.each(['user', 'fail', 'hang', 'stream'])('nothing of /%s is held after it ended', async (route) => {
    const [id, one] = visit()
    one.gate.resolve()
    await (await fetch(`${url}/${route}/${id}`)).text()
    await one.ended.promise
    expect(await isCollected(one.remembered!)).toBe(true)
  })

  test('nothing of an aborted request is held, even by a handler that still hangs', async () => {
    const [id, one] = visit()
    const abort = new AbortController()
    const response = fetch(`${url}/hang/${id}`, { signal: abort.signal })
    await one.entered.promise
    while (one.remembered === undefined) await setImmediate()
    abort.abort()
    await response.catch(() => {})
    await one.ended.promise
    expect(await isCollected(one.remembered)).toBe(true)
    one.gate.resolve()
  })
})
