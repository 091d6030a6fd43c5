import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import type { Served } from '../served.ts'
import * as express from './express.ts'
import * as express4 from './express-4.ts'
import * as fastify from './fastify.ts'
import * as hono from './hono.ts'
import * as koa from './koa.ts'
import * as node from './node.ts'
import { type Site, site } from './site.ts'

let close = async (): Promise<void> => {}
afterEach(() => close())

async function open(serve: (site: Site) => Promise<Served>) {
  const here = site()
  const served = await serve(here)
  close = served.close
  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(served.url + path, init)
    const says = (response.headers.get('cache-status') ?? '').replace('nearcache; ', '')
    return { status: response.status, body: await response.text(), says, headers: response.headers }
  }
  return { here, url: served.url, get }
}

/** Turns of the event loop until something holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setImmediate()
}

describe.each(Object.entries({ express, 'express 4': express4, fastify, koa, hono, node }))(
  'responses of %s',
  (name, { serve }) => {
    test('are sent again, with their own fields and those of this response', async () => {
      const { get } = await open(serve)
      const first = await get('/page')
      const second = await get('/page')
      expect(first).toMatchObject({ status: 200, body: 'page 1', says: 'fwd=uri-miss; stored' })
      expect(second).toMatchObject({ status: 200, body: 'page 1', says: 'hit; ttl=60' })
      expect(second.headers.get('cache-control')).toBe('max-age=60')
      expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'))
      expect(second.headers.get('age')).toBe('0')
      expect(second.headers.get('x-request-id')).not.toBeNull()
      expect(second.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'))
    })

    test('of a route whose handler says nothing live as long as the route says', async () => {
      const { get, here } = await open(serve)
      expect(JSON.parse((await get('/silent')).body)).toEqual({ silent: 1 })
      const again = await get('/silent')
      expect(JSON.parse(again.body)).toEqual({ silent: 1 })
      expect(again.headers.get('content-type')).toMatch('application/json')
      here.responses.deleteByTag('silent')
      expect(JSON.parse((await get('/silent')).body)).toEqual({ silent: 2 })
    })

    test('that are for one client are made for each', async () => {
      const { get } = await open(serve)
      expect((await get('/private')).body).toBe('private 1')
      expect((await get('/private')).body).toBe('private 2')
    })

    test('that stream reach the client as they come, and are stored at their end', async () => {
      const { here, url, get } = await open(serve)
      const response = await fetch(`${url}/stream`)
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
      expect((await reader.read()).value).toBe('first ')
      const waiting = get('/stream')
      here.gate.open()
      let rest = ''
      for (let part = await reader.read(); !part.done; part = await reader.read()) rest += part.value
      expect(rest).toBe('second')
      expect((await waiting).body).toBe('first second')
      expect((await get('/stream')).says).toBe('hit; ttl=60')
      expect(here.runs.get('/stream')).toBe(1)
    })

    test('of a stream whose client leaves are not stored, and nobody waits for ever', async () => {
      const { here, url, get } = await open(serve)
      const abort = new AbortController()
      const response = await fetch(`${url}/stream`, { signal: abort.signal })
      await response.body!.getReader().read()
      const waiting = get('/stream')
      await setImmediate()
      abort.abort()
      await until(() => here.runs.get('/stream') === 2)
      here.gate.open()
      expect((await waiting).body).toBe('first second')
    })

    test('to a hundred requests at once are made once', async () => {
      const { here, get } = await open(serve)
      const answers = await Promise.all(Array.from({ length: 100 }, () => get('/page')))
      expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(['page 1']))
      expect(here.runs.get('/page')).toBe(1)
    })

    test('past their lifetime are renewed, and sent while they are', async () => {
      const { here, get } = await open(serve)
      await get('/page')
      here.advance(70_000)
      if (name === 'hono') {
        expect((await get('/page')).body).toBe('page 2')
      } else {
        expect(await get('/page')).toMatchObject({ body: 'page 1', says: 'hit; ttl=-10' })
        await until(() => here.runs.get('/page') === 2)
        await until(() => here.responses.stats().stores === 2)
      }
      expect(await get('/page')).toMatchObject({ body: 'page 2', says: 'hit; ttl=60' })
      expect(here.errors).toEqual([])
    })

    test('stand in for a handler that fails', async () => {
      const { here, get } = await open(serve)
      expect((await get('/fragile')).body).toBe('good')
      here.advance(70_000)
      here.isFailing = true
      const standIn = await get('/fragile')
      expect(standIn).toMatchObject({
        status: 200,
        body: 'good',
        says: 'hit; ttl=-10; detail=stale-if-error',
      })
      here.advance(3_600_000)
      expect((await get('/fragile')).status).toBe(500)
    })

    test('to a client that has them already are short', async () => {
      const { here, get } = await open(serve)
      const etag = (await get('/page')).headers.get('etag')
      expect(await get('/page', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
      expect(await get('/page', { headers: { range: 'bytes=0-3' } })).toMatchObject({
        status: 206,
        body: 'page',
      })
      if (etag !== null)
        expect(await get('/page', { headers: { 'if-none-match': etag } })).toMatchObject({
          status: 304,
          body: '',
        })
      expect(here.runs.get('/page')).toBe(1)
    })

    test('are gone after a method that changes what is there', async () => {
      const { get } = await open(serve)
      await get('/page')
      expect(await get('/page', { method: 'POST' })).toMatchObject({ status: 204, says: 'fwd=method' })
      expect((await get('/page')).body).toBe('page 2')
    })

    test('of what is mounted are those of the whole path', async () => {
      const { get, here, url } = await open(serve)
      expect((await get('/mounted')).body).toBe('inner 1')
      expect((await get('/mounted')).body).toBe('inner 1')
      expect(here.responses.delete(`${url}/mounted`)).toBe(true)
      expect((await get('/mounted')).body).toBe('inner 2')
    })
  },
)
