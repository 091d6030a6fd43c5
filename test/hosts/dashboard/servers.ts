/* The dashboard in each framework, under a prefix, behind what such applications have before it. */
import 'reflect-metadata'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import * as common from '@nestjs/common'
import * as core from '@nestjs/core'
import * as onExpress from '@nestjs/platform-express'
import * as onFastify from '@nestjs/platform-fastify'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import * as ofExpress from 'nearcache/dashboard/express'
import * as ofFastify from 'nearcache/dashboard/fastify'
import * as ofHono from 'nearcache/dashboard/hono'
import * as ofKoa from 'nearcache/dashboard/koa'
import * as ofNode from 'nearcache/dashboard/node'
import type { DashboardOptions } from '../../../src/observe/dashboard/options.ts'
import { installNest11 } from '../nest/install.ts'
import { type Served, served } from '../served.ts'

/** One major of Nest. */
interface Nest {
  readonly Module: typeof common.Module
  readonly NestFactory: typeof core.NestFactory
  readonly ExpressAdapter: typeof onExpress.ExpressAdapter
  readonly FastifyAdapter: typeof onFastify.FastifyAdapter
}

const nest: Nest = { ...common, ...core, ...onExpress, ...onFastify }

async function nest11(): Promise<Nest> {
  const modules = installNest11()
  const parts = ['common', 'core', 'platform-express', 'platform-fastify'].map(async (name) => {
    const part = await import(join(modules, '@nestjs', name, 'index.js'))
    return (part.default ?? part) as Partial<Nest>
  })
  return Object.assign({}, ...(await Promise.all(parts))) as Nest
}

function shopOf({ Module }: Nest): new () => object {
  class Shop {}
  Module({})(Shop)
  return Shop
}

async function nestOnExpress(major: Nest, options: DashboardOptions): Promise<Served> {
  const { NestFactory, ExpressAdapter } = major
  const app = await NestFactory.create<onExpress.NestExpressApplication>(
    shopOf(major),
    new ExpressAdapter(),
    { logger: false },
  )
  app.use('/admin/caches', ofExpress.dashboard(options))
  app.use((_request: unknown, response: ServerResponse) => response.end('shop'))
  await app.listen(0, '127.0.0.1')
  return served(app.getHttpServer())
}

async function nestOnFastify(major: Nest, options: DashboardOptions): Promise<Served> {
  const { NestFactory, FastifyAdapter } = major
  const app = await NestFactory.create<onFastify.NestFastifyApplication>(
    shopOf(major),
    new FastifyAdapter(),
    { logger: false },
  )
  await app.register(ofFastify.dashboard(options) as never, { prefix: '/admin/caches' })
  app
    .getHttpAdapter()
    .getInstance()
    .get('/', async () => 'shop')
  await app.listen(0, '127.0.0.1')
  return served(app.getHttpServer())
}

export const servers: Record<string, (options: DashboardOptions) => Promise<Served>> = {
  node: (options) => {
    const page = ofNode.dashboard({ ...options, base: '/admin/caches' })
    return served(
      createServer((request, response) => {
        page(request, response, () => response.end('shop'))
      }),
    )
  },
  express: (options) => {
    const app = express()
    app.use(express.json())
    app.use('/admin/caches', ofExpress.dashboard(options))
    app.use((_request, response) => void response.send('shop'))
    return served(createServer(app))
  },
  'express before its parsers': (options) => {
    const app = express()
    const admin = express.Router()
    admin.use('/caches', ofExpress.dashboard(options))
    app.use('/admin', admin)
    app.use(express.json())
    app.use((_request, response) => void response.send('shop'))
    return served(createServer(app))
  },
  fastify: async (options) => {
    const app = fastify()
    await app.register(ofFastify.dashboard(options), { prefix: '/admin/caches' })
    app.get('/', async () => 'shop')
    await app.listen({ port: 0, host: '127.0.0.1' })
    return served(app.server)
  },
  koa: (options) => {
    const app = new Koa()
    app.use(ofKoa.dashboard({ ...options, base: '/admin/caches' }))
    app.use((context) => {
      context.body = 'shop'
    })
    return served(createServer(app.callback()))
  },
  hono: (options) => {
    const app = new Hono<{ Bindings: HttpBindings }>()
    app.all('/admin/caches/*', ofHono.dashboard(options))
    app.get('/', (context) => context.text('shop'))
    const listener = getRequestListener(app.fetch)
    return served(
      createServer((request: IncomingMessage, response: ServerResponse) => void listener(request, response)),
    )
  },
  'nest 12 on express': (options) => nestOnExpress(nest, options),
  'nest 12 on fastify': (options) => nestOnFastify(nest, options),
  'nest 11 on express': async (options) => nestOnExpress(await nest11(), options),
  'nest 11 on fastify': async (options) => nestOnFastify(await nest11(), options),
}
