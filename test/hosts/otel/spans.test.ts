import * as api from '@opentelemetry/api'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { Cache } from 'nearcache'
import { traceLoads } from 'nearcache/otel'
import { afterAll, afterEach, describe, expect, it } from 'vitest'

const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
provider.register()
const tracer = provider.getTracer('test')

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
  exporter.reset()
})
afterAll(() => {
  api.trace.disable()
  api.context.disable()
})

const trace = (options = {}): void => void stops.push(traceLoads(api, options))
const loads = () => exporter.getFinishedSpans().filter(({ name }) => name === 'nearcache.load')

describe('17. traceLoads, with the SDK of OpenTelemetry', () => {
  it('one span a load, inside that of the request, around what the loader does; none for hits and joins', async () => {
    trace()
    const cache = new Cache<string, number>({ name: 'traced' })
    const load = async () => {
      tracer.startSpan('database').end()
      await null
      return 1
    }
    await tracer.startActiveSpan('request', async (request) => {
      await Promise.all([cache.getOrLoad('k', load), cache.getOrLoad('k', load)])
      await cache.getOrLoad('k', load)
      request.end()
    })
    const [span] = loads()
    const find = (name: string) => exporter.getFinishedSpans().find((one) => one.name === name)!
    expect(loads()).toHaveLength(1)
    expect(span!.parentSpanContext?.spanId).toBe(find('request').spanContext().spanId)
    expect(find('database').parentSpanContext?.spanId).toBe(span!.spanContext().spanId)
    expect(span!.kind).toBe(api.SpanKind.INTERNAL)
    expect(span!.attributes).toEqual({
      'nearcache.cache.name': 'traced',
      'nearcache.load.kind': 'miss',
      'nearcache.load.size': 1,
      'nearcache.load.joins': 1,
      'nearcache.outcome': 'success',
    })
  })

  it('a refresh behind a stale value is a trace of its own, linked to the request', async () => {
    trace()
    const cache = new Cache<string, number>({ staleWhileRevalidate: '1h' })
    cache.set('k', 1)
    cache.expire('k')
    const request = tracer.startSpan('request')
    await api.context.with(api.trace.setSpan(api.context.active(), request), () =>
      cache.getOrLoad('k', () => 2),
    )
    request.end()
    await new Promise(setImmediate)
    const [span] = loads()
    expect(span!.parentSpanContext).toBeUndefined()
    expect(span!.spanContext().traceId).not.toBe(request.spanContext().traceId)
    expect(span!.links.map(({ context }) => context.spanId)).toEqual([request.spanContext().spanId])
    expect(span!.attributes['nearcache.load.kind']).toBe('refresh')
  })

  it('a failure is on the span; a batch is one span', async () => {
    trace()
    const cache = new Cache<string, number>()
    const down = async () => {
      throw new Error('down')
    }
    await expect(cache.getOrLoad('k', down)).rejects.toThrow('down')
    await cache.getOrLoadMany(['a', 'b'], async (keys) => keys.map((key) => [key, 1] as const))
    const [failed, batch] = loads()
    expect(failed!.status).toEqual({ code: api.SpanStatusCode.ERROR, message: 'down' })
    expect(failed!.events.map(({ name }) => name)).toEqual(['exception'])
    expect(failed!.attributes['nearcache.outcome']).toBe('failure')
    expect(batch!.attributes).toMatchObject({ 'nearcache.load.size': 2, 'nearcache.outcome': 'success' })
  })

  it('bears the key only where it is asked for', async () => {
    const cache = new Cache<string, number>()
    for (const options of [{}, { keys: 'plain' }, { keys: 'hashed' }]) {
      const stop = traceLoads(api, options as object)
      await cache.getOrLoad(`secret ${JSON.stringify(options)}`, () => 1)
      stop()
    }
    const keys = loads().map(({ attributes }) => attributes['nearcache.key'])
    expect(keys).toEqual([undefined, 'secret {"keys":"plain"}', expect.stringMatching(/^[0-9a-f]{16}$/)])
  })

  it('ends when it is stopped, and refuses what it cannot use', async () => {
    traceLoads(api)()
    await new Cache<string, number>().getOrLoad('k', () => 1)
    expect(loads()).toEqual([])
    expect(() => traceLoads({} as never)).toThrow('api: expected the module @opentelemetry/api')
    expect(() => traceLoads(api, { keys: 'raw' as never })).toThrow("keys: expected 'plain' or 'hashed'")
    expect(() => traceLoads(api, { key: 'plain' } as object)).toThrow("did you mean 'keys'")
  })
})
