import type { LoadMessage } from '../engine/channels.ts'
import { isRecord, unknownOption } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import { type Api, SCOPE, type Span, type Tracer, type TracerProvider } from './otel-api.ts'
import { diagnostics } from './sampled.ts'

/** How loads are traced. */
export interface TraceLoadsOptions {
  /** Who gets the spans. Default: the provider that is registered globally. */
  readonly tracerProvider?: TracerProvider | undefined
  /** Whether spans bear the key of the load, as it is or as a hash; only strings and numbers. Default: not at all. */
  readonly keys?: 'plain' | 'hashed' | undefined
}

const NAMES = ['tracerProvider', 'keys']
const INTERNAL = 0
const ERROR = 2

/**
 * One span `nearcache.load` for each load, in whose context the loader runs, so that what it calls is inside; none for hits, and none for
 * those who join. A refresh behind a stale value is a trace of its own, with a link to the span of the request that started it. Returns a
 * function that ends it. `api` is the module `@opentelemetry/api` of the application; needs a runtime with `node:diagnostics_channel`.
 */
export function traceLoads(api: Omit<Api, 'metrics'>, options: TraceLoadsOptions = {}): () => void {
  if (typeof api?.trace?.getTracerProvider !== 'function' || typeof api.context?.with !== 'function')
    throw refusal('api', 'the module @opentelemetry/api', api)
  const given: unknown = options
  if (!isRecord(given)) throw refusal('options', "an object such as { keys: 'hashed' }", given)
  for (const name of Object.keys(given)) if (!NAMES.includes(name)) throw unknownOption(name, name, NAMES)
  const { tracerProvider = api.trace.getTracerProvider(), keys } = options
  if (keys !== undefined && keys !== 'plain' && keys !== 'hashed')
    throw refusal('keys', "'plain' or 'hashed'", keys)
  const channels = diagnostics()
  if (channels === undefined)
    throw new TypeError('traceLoads: expected a runtime with node:diagnostics_channel')
  const tracer = tracerProvider.getTracer(SCOPE) as Tracer
  const spans = new WeakMap<object, Span>()

  const start = (published: unknown): void => {
    const message = published as LoadMessage
    const active = api.context.active()
    const isRefresh = message.kind === 'refresh'
    const request = api.trace.getSpan(active as never) as Span | undefined
    const links = isRefresh && request !== undefined ? [{ context: request.spanContext() }] : []
    const around = isRefresh ? api.ROOT_CONTEXT : active
    const span = tracer.startSpan(
      'nearcache.load',
      { kind: INTERNAL, links, attributes: attributesOf(message, keys) },
      around as never,
    ) as Span
    spans.set(message, span)
    const inside = api.trace.setSpan(around as never, span as never)
    const { run } = message
    message.run = <R>(call: () => R): R =>
      api.context.with(inside as never, () => (run === undefined ? call() : run(call))) as R
  }
  const end = (published: unknown): void => {
    const message = published as LoadMessage
    const span = spans.get(message)
    if (span === undefined) return
    span.setAttribute('nearcache.load.joins', message.joins)
    span.setAttribute('nearcache.outcome', message.outcome ?? '')
    if (message.error !== undefined) {
      const { error } = message
      span.recordException((error instanceof Error ? error : String(error)) as never)
      span.setStatus({ code: ERROR, message: error instanceof Error ? error.message : String(error) })
    }
    span.end()
  }
  channels.subscribe('tracing:nearcache:load:start', start)
  channels.subscribe('tracing:nearcache:load:asyncEnd', end)
  return () => {
    channels.unsubscribe('tracing:nearcache:load:start', start)
    channels.unsubscribe('tracing:nearcache:load:asyncEnd', end)
  }
}

function attributesOf(
  { cache, key, kind, size }: LoadMessage,
  keys: 'plain' | 'hashed' | undefined,
): Record<string, string | number> {
  const attributes: Record<string, string | number> = {
    'nearcache.cache.name': cache,
    'nearcache.load.kind': kind,
    'nearcache.load.size': size,
  }
  if (keys === undefined || (typeof key !== 'string' && typeof key !== 'number')) return attributes
  attributes['nearcache.key'] = keys === 'plain' ? key : hashOf(String(key))
  return attributes
}

function hashOf(key: string): string {
  const crypto = process.getBuiltinModule('node:crypto')
  return crypto.createHash('sha256').update(key).digest('hex').slice(0, 16)
}
