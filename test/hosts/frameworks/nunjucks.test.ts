import { Cache } from 'nearcache'
import { fragmentSync, invalidateFragment } from 'nearcache/fragment'
import { cacheTag } from 'nearcache/fragment/nunjucks'
import nunjucks from 'nunjucks'
import { expect, test, vi } from 'vitest'
import { deferred } from '../../support/deferred.ts'

interface Scene {
  readonly cache: Cache
  readonly env: nunjucks.Environment
  readonly count: ReturnType<typeof vi.fn>
  render(text: string, context?: object): string
  later(text: string, context?: object): Promise<string>
}

function scene(async: boolean): Scene {
  const cache = new Cache()
  const env = new nunjucks.Environment(null, { autoescape: true })
  env.addExtension('cache', cacheTag({ cache, async }))
  const count = vi.fn((value: unknown) => value)
  env.addGlobal('count', count)
  return {
    cache,
    env,
    count,
    render: (text, context = {}) => env.renderString(text, context),
    later: (text, context = {}) =>
      new Promise((resolve, reject) => {
        env.renderString(text, context, (error, result) => (error ? reject(error) : resolve(result!)))
      }),
  }
}

const SIDEBAR = '<p>{% cache "10m" "sidebar" user.id %}<b>{{ count(user.name) }}</b>{% endcache %}</p>'
const ada = { user: { id: 1, name: '<Ada>' } }

test.each([false, true])('renders once for each name and vary values (async: %s)', async (async) => {
  const { later, count, cache } = scene(async)
  const eve = { user: { id: 2, name: 'Eve' } }
  expect(await later(SIDEBAR, ada)).toBe('<p><b>&lt;Ada&gt;</b></p>')
  expect(await later(SIDEBAR, ada)).toBe('<p><b>&lt;Ada&gt;</b></p>')
  expect(await later(SIDEBAR, eve)).toBe('<p><b>Eve</b></p>')
  expect(count).toHaveBeenCalledTimes(2)
  expect(fragmentSync('sidebar', { cache, varyOn: [1] }, () => 'another')).toBe('<b>&lt;Ada&gt;</b>')
  expect(cache.namespace('fragments').expiresIn('\0s7:sidebari1;')).toBeGreaterThan(590_000)
  invalidateFragment('sidebar', [1], cache)
  await later(SIDEBAR, ada)
  expect(count).toHaveBeenCalledTimes(3)
})

test('synchronous templates need no callback', () => {
  const { render, count } = scene(false)
  expect(render(SIDEBAR, ada) + render(SIDEBAR, ada)).toBe('<p><b>&lt;Ada&gt;</b></p>'.repeat(2))
  expect(count).toHaveBeenCalledTimes(1)
})

test.each([false, true])('any expressions, with commas or without (async: %s)', async (async) => {
  const { later, count } = scene(async)
  const forms = ['ttl + "m" name | upper user.id "x"', 'ttl + "m", name | upper, user.id, "x"']
  for (const form of forms) {
    const text = `{% for i in [1, 2] %}{% cache ${form} %}{{ count(i) }}{% endcache %}{% endfor %}`
    expect(await later(text, { ...ada, ttl: 5, name: 'a' })).toBe('11')
  }
  expect(count).toHaveBeenCalledTimes(1)
  await later('{% cache 1000 "b" %}{{ count(1) }}{% endcache %}')
  await later('{% cache 1000 "b" name | safe %}{{ count(1) }}{% endcache %}', { name: 'x' })
  await later('{% cache 1000 "b" name | safe %}{{ count(1) }}{% endcache %}', { name: 'x' })
  expect(count).toHaveBeenCalledTimes(3)
})

test.each([false, true])('one inside another, and inside conditions (async: %s)', async (async) => {
  const { later } = scene(async)
  const text = `{% if true %}{% cache "1m" "outer" %}a{% cache "1m" "inner" %}b{% endcache %}c{% endcache %}{% endif %}`
  expect(await later(text)).toBe('abc')
  expect(await later('{% cache "1m" "inner" %}another{% endcache %}')).toBe('b')
})

test.each([false, true])('a render that fails stores nothing (async: %s)', async (async) => {
  const { later, cache, count } = scene(async)
  count.mockImplementationOnce(() => {
    throw new Error('as asked')
  })
  await expect(later(SIDEBAR, ada)).rejects.toThrow('as asked')
  expect(cache.stats().size).toBe(0)
  expect(await later(SIDEBAR, ada)).toBe('<p><b>&lt;Ada&gt;</b></p>')
})

test('asynchronous: concurrent renders of a fragment run once', async () => {
  const { later, env } = scene(true)
  const gate = deferred<string>()
  const load = vi.fn((_: unknown, done: (error: unknown, value?: string) => void) => {
    gate.promise.then((value) => done(null, value), done)
  })
  env.addFilter('load', load, true)
  const text = '{% cache "1m" "a" %}{{ 1 | load }}{% endcache %}'
  const asked = [later(text), later(text), later(text)]
  gate.resolve('loaded')
  expect(await Promise.all(asked)).toEqual(['loaded', 'loaded', 'loaded'])
  expect(load).toHaveBeenCalledTimes(1)
})

test('asynchronous: an error of the rest of the template reaches the caller', async () => {
  const { later, count } = scene(true)
  count.mockImplementation(() => {
    throw new Error('as asked')
  })
  await expect(later('{% cache "1m" "a" %}a{% endcache %}{{ count(1) }}')).rejects.toThrow('as asked')
})

test('synchronous: a body that is not there at once is refused', async () => {
  const { later, env } = scene(false)
  env.addFilter('load', (_, done) => void Promise.resolve().then(() => done(null, 'late')), true)
  await expect(later('{% cache "1m" "a" %}{{ 1 | load }}{% endcache %}')).rejects.toThrow('async: true')
})

test('refuses wrong arguments', async () => {
  const { later } = scene(false)
  await expect(later('{% cache "1m" %}a{% endcache %}')).rejects.toThrow('expected a ttl and a name')
  await expect(later('{% cache "1 minuet" "a" %}a{% endcache %}')).rejects.toThrow('ttl: expected')
  await expect(later('{% cache "1m" 7 %}a{% endcache %}')).rejects.toThrow('name: expected')
})
