/* The dashboard in each framework, under a prefix, behind what such applications have before it. */
import 'reflect-metadata'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
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
import { type Served, served } from '../http/site.ts'

class Shop {}
Module({})(Shop)

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
  'nest on express': async (options) => {
    const app = await NestFactory.create<NestExpressApplication>(Shop, new ExpressAdapter(), {
      logger: false,
    })
    app.use('/admin/caches', ofExpress.dashboard(options))
    app.use((_request: unknown, response: ServerResponse) => response.end('shop'))
    await app.listen(0, '127.0.0.1')
    return served(app.getHttpServer())
  },
  'nest on fastify': async (options) => {
    const app = await NestFactory.create<NestFastifyApplication>(Shop, new FastifyAdapter(), {
      logger: false,
    })
    await app.register(ofFastify.dashboard(options) as never, { prefix: '/admin/caches' })
    app
      .getHttpAdapter()
      .getInstance()
      .get('/', async () => 'shop')
    await app.listen(0, '127.0.0.1')
    return served(app.getHttpServer())
  },
}
