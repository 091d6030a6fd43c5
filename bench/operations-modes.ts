import { createRequire } from 'node:module'
import type { Cache as CacheType } from '../src/cache.ts'
import installHosts from '../test/hosts/install.ts'

export type AnyCache = CacheType<string | number, number>

/** Something that is at work on a cache, until it is stopped. */
export interface AtWork {
  /** Done between rounds, as it would be now and then. */
  turn?(): unknown
  /** Whether it is at work at the moment; those rounds alone count. */
  isAtWork?(): boolean
  stop(): void
}

export interface Mode {
  readonly label: string
  begin(cache: AnyCache): AtWork
}

/** A module of the built package. */
export function built<T>(path: string): Promise<T> {
  return import(new URL(`../dist/${path}`, import.meta.url).href)
}

const { adviseOn } = await built<typeof import('../src/observe/advice.ts')>('observe/advice.js')
const { guardHeap } = await built<typeof import('../src/observe/guard.ts')>('observe/guard.js')
const { instrument } = await built<typeof import('../src/observe/otel.ts')>('observe/otel.js')
const { metricsText, register } =
  await built<typeof import('../src/observe/prometheus.ts')>('observe/prometheus.js')
const { dashboard } = await built<typeof import('../src/observe/dashboard/index.ts')>(
  'observe/dashboard/index.js',
)

installHosts()
/** What is installed for test/hosts. */
const host = createRequire(new URL('../test/hosts/package.json', import.meta.url))
const api = host('@opentelemetry/api')
const { MeterProvider } = host('@opentelemetry/sdk-metrics')
const { Registry } = host('prom-client')

export const modes: Record<string, Mode> = {
  none: { label: 'nothing, two caches alike', begin: () => ({ stop() {} }) },
  metrics: {
    label: 'metrics: OpenTelemetry and prom-client registered, the text made between all rounds',
    begin(cache) {
      const instrumentation = instrument(api, { meterProvider: new MeterProvider(), caches: [cache] })
      register(new Registry(), [cache])
      return { turn: () => void metricsText([cache]), stop: () => instrumentation.stop() }
    },
  },
  advice: {
    label: 'advice: while keys are watched, before it rests for its budget',
    begin(cache) {
      const examination = adviseOn(cache, { budget: 1, reads: 1e12 })
      return {
        isAtWork: () => examination.advice().state !== 'resting',
        stop: () => void examination.stop(),
      }
    },
  },
  guard: {
    label: 'the heap guard, nothing held',
    begin(cache) {
      const guard = guardHeap({ caches: [cache] })
      return { stop: () => guard.stop() }
    },
  },
  list: {
    label: 'the dashboard open, the list of caches',
    begin: () => page('state'),
  },
  page: {
    label: 'the dashboard open, this cache in full, its keys sampled',
    begin: (cache) => page(`state?cache=${cache.name}`),
  },
}

/** A page that asks for the state before each round: more often than every two seconds, as it does. */
function page(path: string): AtWork {
  const handler = dashboard({ authorise: () => true })
  return {
    async turn() {
      const answer = await handler(new Request(`http://localhost/${path}`))
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`)
    },
    stop() {},
  }
}
