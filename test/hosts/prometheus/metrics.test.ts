import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { Cache } from 'nearcache'
import { guardHeap } from 'nearcache/guard'
import { metricsText, register } from 'nearcache/prometheus'
import { Registry } from 'prom-client'
import { beforeAll, describe, expect, it } from 'vitest'
import { isCollected } from '../../support/collection.ts'

const root = join(import.meta.dirname, '../../..')

/** A cache that has done everything. */
async function busy(name: string): Promise<Cache<string, number>> {
  const cache = new Cache<string, number>({ name, maxEntries: 2, staleWhileRevalidate: '1h', onError() {} })
  for (const key of ['a', 'b', 'c', 'c']) cache.set(key, 1)
  cache.get('c')
  await cache.getOrLoad('loaded', async () => 1)
  cache.expire('loaded')
  await cache.getOrLoad('loaded', async () => {
    throw new Error('down')
  })
  await new Promise(setImmediate)
  cache.delete('loaded')
  cache.clear()
  return cache
}

/** The value of a line that begins so. */
const value = (text: string, line: string): number =>
  Number(
    text
      .split('\n')
      .find((one) => one.startsWith(`${line} `))
      ?.split(' ')
      .at(-1) ?? Number.NaN,
  )

/** What is told of a cache that has done everything, and of the guard: names with their types, labels with their values. */
async function told(name: string) {
  const guard = guardHeap()
  const text = metricsText([await busy(name), new Cache({ name: `${name} in bytes`, maxBytes: '1mb' })])
  guard.stop()
  const labels = new Map<string, Set<string>>()
  for (const [, label, value] of text.matchAll(/[{,](\w+)="(.*?)"/g))
    labels.set(label!, (labels.get(label!) ?? new Set()).add(value!))
  return {
    text,
    labels,
    names: [...text.matchAll(/^(nearcache_\w+)/gm)].map(([, name]) => name),
    types: new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name!, type!])),
  }
}

describe('15. metricsText', () => {
  it('14. tells no ratio, but what one is made of: reads by their result, whose sum is all of them', async () => {
    const { text, types } = await told('no ratio')
    expect([...types.keys()].join(' ')).not.toMatch(/_ratio|_rate|percent/)
    const results = ['hit', 'stale', 'miss'].map((result) =>
      value(text, `nearcache_requests_total{cache="no ratio",tier="local",result="${result}"}`),
    )
    expect(results).toEqual([1, 1, 1])
  })

  it('13. 23. tells nothing of keys, tags and values', async () => {
    const cache = new Cache<string, unknown>({ name: 'secrets', maxEntries: 2, onRemoval() {}, onError() {} })
    for (const one of ['a', 'b', 'c']) {
      cache.set(`key-4111-${one}`, { secret: 'value-4111' }, { tags: ['tag-4111'] })
      cache.namespace('space-4111').set(one, 'value-4111')
    }
    await cache.getOrLoad('key-4111', () => Promise.reject(new Error('4111'))).catch(() => {})
    cache.deleteByTag('tag-4111')
    expect(metricsText([cache])).not.toContain('4111')
  })

  it('gives each metric with its labels', async () => {
    const cache = await busy('prometheus text')
    const text = metricsText([cache])
    const of = (name: string, labels = ''): number =>
      value(text, `nearcache_${name}{cache="prometheus text",tier="local"${labels}}`)
    expect(of('requests_total', ',result="hit"')).toBe(1)
    expect(of('requests_total', ',result="stale"')).toBe(1)
    expect(of('requests_total', ',result="miss"')).toBe(1)
    expect(of('sets_total')).toBe(5)
    expect(of('removals_total', ',reason="evicted"')).toBe(2)
    expect(of('loads_total', ',outcome="success",kind="miss"')).toBe(1)
    expect(of('loads_total', ',outcome="failure",kind="refresh"')).toBe(1)
    expect(of('load_duration_seconds_bucket', ',outcome="success",le="+Inf"')).toBe(1)
    expect(of('load_duration_seconds_count', ',outcome="success"')).toBe(1)
    expect(of('entries')).toBe(0)
    expect(of('entries_limit')).toBe(2)
    expect(of('faults_total', ',fault="loader"')).toBe(1)
    expect(text).toContain('# TYPE nearcache_requests_total counter\n')
    expect(text).toContain('# TYPE nearcache_load_duration_seconds histogram\n')
    expect(text).not.toContain('nearcache_bytes')
  })

  it('counts in buckets that include the smaller ones, in seconds', async () => {
    let time = 0
    const cache = new Cache<number, number>({ name: 'buckets', clock: () => time })
    for (const ms of [0, 3, 3, 20_000])
      await cache.getOrLoad(ms + Math.random(), async () => {
        time += ms
        return 1
      })
    const text = metricsText([cache])
    const of = (le: string): number =>
      value(
        text,
        `nearcache_load_duration_seconds_bucket{cache="buckets",tier="local",outcome="success",le="${le}"}`,
      )
    expect([of('0.001'), of('0.002'), of('0.005'), of('10'), of('+Inf')]).toEqual([1, 1, 3, 3, 4])
    expect(
      value(text, 'nearcache_load_duration_seconds_sum{cache="buckets",tier="local",outcome="success"}'),
    ).toBe(20.006)
  })

  it('escapes what a name may hold', () => {
    const cache = new Cache({ name: 'a "quoted"\\ name\nin two lines' })
    expect(metricsText([cache])).toContain('{cache="a \\"quoted\\"\\\\ name\\nin two lines",tier="local"}')
  })

  it('13. tells no namespaces apart but those listed, and sums over all are those of the cache', async () => {
    const cache = new Cache<string, number>({ name: 'with namespaces', maxEntries: 100 })
    const fill = (view: Cache<string, number>, sets: number): void => {
      for (let i = 0; i < sets; i++) view.set(`k${i}`, i)
      view.get('k0')
      view.get('none')
    }
    fill(cache, 3)
    fill(cache.namespace('users'), 5)
    fill(cache.namespace('users').namespace('inner'), 2)
    fill(cache.namespace('sessions'), 7)
    await cache.namespace<string, number>('users').getOrLoad('loaded', async () => 1)
    const plain = metricsText([cache])
    expect(plain).not.toContain('namespace=')
    const text = metricsText([cache], { namespaces: ['users', 'never made'] })
    const of = (name: string, namespace = '', labels = ''): number =>
      value(text, `nearcache_${name}{cache="with namespaces",tier="local"${namespace}${labels}}`)
    const users = ',namespace="users"'
    expect([of('sets_total', users), of('sets_total')]).toEqual([8, 10])
    expect([of('entries', users), of('entries')]).toEqual([8, 10])
    expect([of('requests_total', users, ',result="hit"'), of('requests_total', '', ',result="hit"')]).toEqual(
      [2, 2],
    )
    expect(of('load_duration_seconds_count', users, ',outcome="success"')).toBe(1)
    // Bounds and faults are those of the whole cache.
    expect([of('entries_limit', users), of('entries_limit')]).toEqual([Number.NaN, 100])
    expect(text).not.toMatch(/sessions|inner|never made/)
    const sums = (lines: string): Map<string, number> => {
      const found = new Map<string, number>()
      for (const line of lines.split('\n').filter((one) => one.startsWith('nearcache_'))) {
        const series = line.replace(',namespace="users"', '').replace(/ \S+$/, '')
        found.set(series, (found.get(series) ?? 0) + Number(line.split(' ').at(-1)))
      }
      return found
    }
    expect(new Map([...sums(text)].filter(([, sum]) => sum !== 0))).toEqual(
      new Map([...sums(plain)].filter(([, sum]) => sum !== 0)),
    )
  })

  it('13. 16. counters of a namespace go on when it was closed and comes back, and with the cache they end', () => {
    const cache = new Cache<string, number>({ name: 'namespace comes back' })
    const of = (namespace: string): number =>
      value(
        metricsText(undefined, { namespaces: ['users'] }),
        `nearcache_sets_total{cache="namespace comes back",tier="local"${namespace}}`,
      )
    const both = (): number[] => [of(',namespace="users"'), of('')]
    cache.set('outside', 1)
    const first = cache.namespace<string, number>('users')
    for (let i = 0; i < 5; i++) first.set(`${i}`, i)
    expect(both()).toEqual([5, 1])
    first.close()
    expect(both()).toEqual([5, 1])
    cache.namespace<string, number>('users').set('again', 1)
    expect(both()).toEqual([6, 1])
    cache.clear()
    expect(both()).toEqual([6, 1])
    cache.set('late', 1)
    cache.close()
    const text = metricsText(undefined, { namespaces: ['users'] })
    const last = (namespace: string): number =>
      value(text, `nearcache_sets_total{cache="namespace comes back",tier="local"${namespace}}`)
    expect([last(',namespace="users"'), last('')]).toEqual([6, 2])
    expect(both()).toEqual([Number.NaN, Number.NaN])
  })

  it('13. refuses what is no list of namespaces', () => {
    expect(() => metricsText([], { namespaces: 'users' as never })).toThrow(
      "namespaces: expected a list of names such as ['users'], got 'users'",
    )
    expect(() => metricsText([], { namespace: ['users'] } as never)).toThrow('namespaces')
    expect(() => register(new Registry(), [], { namespaces: [''] })).toThrow('namespaces')
  })

  it('15. tells a cache once, however often it is listed and by whichever of its handles', () => {
    const cache = new Cache<string, number>({ name: 'listed twice' })
    const same = new Cache<string, number>({ name: 'listed twice' })
    cache.set('k', 1)
    const text = metricsText([cache, same, cache, cache.namespace('n')])
    const series = text.split('\n').map((line) => line.replace(/ \S+$/, ''))
    expect(series.filter((one) => one.startsWith('nearcache_sets_total{'))).toHaveLength(1)
    expect(new Set(series).size).toBe(series.length)
  })

  it('15. 16. a nameless cache whose name another takes goes on under its new one, and the other is not taken for it', () => {
    const registry = new Registry()
    const nameless = new Cache<string, number>()
    const wanted = nameless.name
    nameless.set('k', 1)
    register(registry, [nameless])
    const taker = new Cache<string, number>({ name: wanted })
    for (const key of ['a', 'b', 'c']) taker.set(key, 1)
    expect(nameless.name).not.toBe(wanted)
    taker.close()
    const text = metricsText([nameless])
    expect(value(text, `nearcache_sets_total{cache="${nameless.name}",tier="local"}`)).toBe(1)
    return registry.metrics().then((scraped) => {
      expect(value(scraped, `nearcache_sets_total{cache="${nameless.name}",tier="local"}`)).toBe(1)
      expect(scraped).not.toContain(`cache="${wanted}"`)
    })
  })

  it('16. a store is told as long as it lives, though the handle that was listed is gone', async () => {
    const registry = new Registry()
    const listed = (): WeakRef<object> => {
      const cache = new Cache<string, number>({ name: 'handle gone' })
      register(registry, [cache])
      return new WeakRef(cache)
    }
    expect(await isCollected(listed())).toBe(true)
    new Cache<string, number>({ name: 'handle gone' }).set('k', 1)
    expect(await registry.metrics()).toContain('nearcache_sets_total{cache="handle gone",tier="local"} 1')
  })

  it('gives a closed cache once more, and the guard while one is at work', () => {
    metricsText()
    const cache = new Cache<string, number>({ name: 'closing' })
    const sets = (): number => value(metricsText(), 'nearcache_sets_total{cache="closing",tier="local"}')
    cache.set('a', 1)
    cache.close()
    expect([sets(), sets()]).toEqual([1, Number.NaN])
    const guard = guardHeap()
    expect(value(metricsText(), 'nearcache_guard_limit_bytes')).toBe(guard.stats().limit)
    guard.stop()
    expect(metricsText()).not.toContain('nearcache_guard')
  })
})

describe('15. register, with the registry of prom-client', () => {
  it.each([Registry.PROMETHEUS_CONTENT_TYPE, Registry.OPENMETRICS_CONTENT_TYPE])(
    'adds the same: %s',
    async (type) => {
      // Its types know of no argument.
      const registry: Registry = Reflect.construct(Registry, [type])
      const cache = await busy(`registered ${type.length}`)
      register(registry, [cache])
      registry.setDefaultLabels({ app: 'shop' })
      const text = await registry.metrics()
      const labels = `cache="${cache.name}",tier="local"`
      expect(text).toContain(`nearcache_requests_total{${labels},result="hit",app="shop"} 1`)
      expect(text).toContain(
        `nearcache_load_duration_seconds_count{${labels},outcome="success",app="shop"} 1`,
      )
      registry.resetMetrics()
      expect(await registry.metrics()).toBe(text)
      expect(await registry.getSingleMetricAsString('nearcache_sets_total')).toContain('5')
      expect(await registry.getMetricsAsJSON()).toEqual(
        expect.arrayContaining([expect.objectContaining({ type: 'histogram', aggregator: 'sum' })]),
      )
      expect(() => register(registry)).toThrow('already been registered')
      expect(() => register({} as never)).toThrow('registry: expected a Registry of prom-client')
    },
  )
})

describe('21. grafana/nearcache.json', () => {
  const dashboard = JSON.parse(readFileSync(join(root, 'grafana/nearcache.json'), 'utf8'))
  const expressions = (JSON.stringify(dashboard).match(/"expr":"(?:[^"\\]|\\.)*"/g) ?? []).map(
    (text) => JSON.parse(`{${text}}`).expr as string,
  )

  it('has what an import asks for', () => {
    expect(dashboard).toMatchObject({
      __inputs: [expect.objectContaining({ type: 'datasource', pluginId: 'prometheus' })],
      uid: expect.stringMatching(/^.{1,40}$/),
      schemaVersion: expect.any(Number),
      title: expect.any(String),
      templating: { list: expect.any(Array) },
      panels: expect.any(Array),
    })
    const ids = dashboard.panels.map(({ id }: { id: number }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(dashboard.templating.list.map(({ name }: { name: string }) => name)).toEqual([
      'job',
      'instance',
      'cache',
    ])
  })

  it('names only metrics and labels that there are', async () => {
    const { names, labels } = await told('dashboard')
    expect(expressions.length).toBeGreaterThan(8)
    for (const expression of expressions) {
      for (const [name] of expression.matchAll(/nearcache_\w+/g)) expect(names, expression).toContain(name)
      for (const [, label] of expression.matchAll(/[{,]\s*(\w+)\s*(?:=~|!=|=)/g))
        expect([...labels.keys(), 'job', 'instance'], expression).toContain(label)
    }
  })
})

/** The rules of the docs. */
const rules = /```yaml\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs/operations.md'), 'utf8'))![1]!

describe('22. the rules in the docs', () => {
  const expressions = rules.split('\n').flatMap((line) => /^ *expr: (.*)$/.exec(line)?.[1] ?? [])

  it('are four at most', () => {
    expect(expressions.length).toBeGreaterThan(0)
    expect(expressions.length).toBeLessThanOrEqual(4)
    expect(rules.match(/- alert: \w+/g)).toHaveLength(expressions.length)
  })

  it.each(expressions)(
    'name metrics, labels and values that there are, counters by their rates alone: %s',
    async (expression) => {
      const { types, labels } = await told('ruled')
      const named = [...expression.matchAll(/(\w+\()?(nearcache_\w+)(\{.*?\})?(\[\w+\])?/g)]
      expect(named.length).toBeGreaterThan(0)
      for (const [, call, name, selector = '', range] of named) {
        const type = types.get(name!)
        expect(type, name).toBeDefined()
        const isRate = (call === 'rate(' || call === 'increase(') && range !== undefined
        expect([name, isRate]).toEqual([name, type === 'counter'])
        for (const [, label, values] of selector.matchAll(/(\w+)=~?"(.*?)"/g))
          for (const one of values!.split('|'))
            expect([...(labels.get(label!) ?? [])], `${label}=${one}`).toContain(one)
      }
      for (const [, by] of expression.matchAll(/by \((.*?)\)/g))
        for (const label of by!.split(', ')) expect([...labels.keys(), 'job', 'instance']).toContain(label)
    },
  )
})

// A real Prometheus: on the PATH, or unpacked from the Debian package.

const folder = join(root, '.cache/prometheus')

function onPath(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), join(folder, 'usr/bin')]
  return folders.map((one) => join(one, name)).find((file) => existsSync(file))
}

function unpack(): void {
  mkdirSync(folder, { recursive: true })
  execFileSync('apt-get', ['download', 'prometheus'], { cwd: folder, stdio: 'ignore' })
  const archive = readdirSync(folder).find((file) => file.endsWith('.deb'))!
  execFileSync('dpkg', ['-x', archive, '.'], { cwd: folder, stdio: 'ignore' })
}

describe('15. a real Prometheus', () => {
  let prometheus: string | undefined
  let promtool: string | undefined
  beforeAll(() => {
    try {
      if (onPath('prometheus') === undefined) unpack()
    } catch {}
    prometheus = onPath('prometheus')
    promtool = onPath('promtool')
    if (prometheus === undefined || promtool === undefined) {
      console.error('NO PROMETHEUS: neither on the PATH nor from apt-get; its tests are skipped')
      if (process.env.CI !== undefined) throw new Error('no Prometheus to test with')
    }
  }, 120_000)

  it('promtool finds nothing to say against the text', { timeout: 60_000 }, async ({ skip }) => {
    if (promtool === undefined) return skip()
    const guard = guardHeap()
    const text = metricsText([await busy('checked'), new Cache({ name: 'in bytes', maxBytes: '1mb' })])
    guard.stop()
    expect(execFileSync(promtool, ['check', 'metrics'], { input: text, encoding: 'utf8' })).toBe('')
  })

  it('22. promtool takes the rules of the docs', {
    timeout: 60_000,
  }, async ({ skip }) => {
    if (promtool === undefined) return skip()
    const place = mkdtempSync(join(tmpdir(), 'nearcache-rules-'))
    writeFileSync(join(place, 'rules.yml'), rules)
    expect(
      execFileSync(promtool, ['check', 'rules', join(place, 'rules.yml')], { encoding: 'utf8' }),
    ).toContain('SUCCESS')
    rmSync(place, { recursive: true })
  })

  it('scrapes a service, and answers what the dashboard asks', { timeout: 120_000 }, async ({ skip }) => {
    if (prometheus === undefined) return skip()
    const cache = await busy('scraped')
    const service = createServer((_request, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4')
      response.end(metricsText([cache]))
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => service.once('listening', resolve))
    const free = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => free.once('listening', resolve))
    const { port } = free.address() as AddressInfo
    await new Promise((resolve) => free.close(resolve))
    const place = mkdtempSync(join(tmpdir(), 'nearcache-prometheus-'))
    const target = `127.0.0.1:${(service.address() as AddressInfo).port}`
    writeFileSync(
      join(place, 'prometheus.yml'),
      `global: { scrape_interval: 1s }\nscrape_configs: [{ job_name: shop, static_configs: [{ targets: ['${target}'] }] }]\n`,
    )
    const child = spawn(
      prometheus,
      [
        `--config.file=${join(place, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(place, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    )
    try {
      const ask = async (
        query: string,
      ): Promise<{ metric: Record<string, string>; value: [number, string] }[]> => {
        const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`
        const answer = await fetch(url).then(
          // It is not ready at once.
          (response) => (response.ok ? response.json() : {}),
          () => ({}),
        )
        return (answer as { data?: { result: never[] } }).data?.result ?? []
      }
      const until = Date.now() + 90_000
      let found = await ask('nearcache_sets_total')
      while (found.length === 0 && Date.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 200))
        found = await ask('nearcache_sets_total')
      }
      expect(found).toEqual([
        {
          metric: {
            __name__: 'nearcache_sets_total',
            cache: 'scraped',
            tier: 'local',
            instance: target,
            job: 'shop',
          },
          value: [expect.any(Number), '5'],
        },
      ])
      const quantile =
        'histogram_quantile(0.5, sum by (le) (nearcache_load_duration_seconds_bucket{outcome="success"}))'
      expect(Number((await ask(quantile))[0]!.value[1])).toBeGreaterThan(0)
    } finally {
      child.kill()
      await new Promise((resolve) => child.once('close', resolve))
      service.close()
      rmSync(place, { recursive: true, force: true })
    }
  })
})
