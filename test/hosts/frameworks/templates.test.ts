import ejs from 'ejs'
import { Eta } from 'eta'
import { html } from 'hono/html'
import { Cache } from 'nearcache'
import { fragment, fragmentSync, invalidateFragment } from 'nearcache/fragment'
import { expect, test, vi } from 'vitest'
import { deferred } from '../../support/deferred.ts'

test('EJS, at once and with await', async () => {
  const cache = new Cache()
  const count = vi.fn(() => '<b>1</b>')
  const template = `<%- fragmentSync('a', { cache, varyOn: [id] }, () => count()) %> <%- id %>`
  expect(ejs.render(template, { fragmentSync, cache, count, id: 1 })).toBe('<b>1</b> 1')
  expect(ejs.render(template, { fragmentSync, cache, count, id: 1 })).toBe('<b>1</b> 1')
  expect(count).toHaveBeenCalledTimes(1)
  const later = `<%- await fragment('a', { cache, varyOn: [id] }, () => count()) %>`
  const render = ejs.compile(later, { async: true })
  const texts = [1, 2, 2].map((id) => render({ fragment, cache, count, id }))
  expect(await Promise.all(texts)).toEqual(['<b>1</b>', '<b>1</b>', '<b>1</b>'])
  expect(count).toHaveBeenCalledTimes(2)
})

test('EJS and Eta, an included template', () => {
  const cache = new Cache()
  const include = (path: string): string => `included ${path}`
  const template = `<%- fragmentSync('a', { cache }, () => include('sidebar')) %>`
  const includer = (): { template: string } => ({ template: include('<i>') })
  expect(ejs.render(template, { fragmentSync, cache }, { includer })).toBe('included <i>')
  const eta = new Eta()
  eta.loadTemplate('@sidebar', 'for <%= it.name %>')
  const text = `<%~ it.fragmentSync('b', { cache: it.cache, varyOn: [it.name] }, () => include('@sidebar', it)) %>`
  expect(eta.renderString(text, { fragmentSync, cache, name: '<Ada>' })).toBe('for &lt;Ada&gt;')
  expect(fragmentSync('b', { cache, varyOn: ['<Ada>'] }, () => 'another')).toBe('for &lt;Ada&gt;')
})

test('Eta with await: concurrent renders run once', async () => {
  const cache = new Cache()
  const gate = deferred<string>()
  const render = vi.fn(() => gate.promise)
  const text = `<%~ await it.fragment('a', { cache: it.cache }, it.render) %>`
  const eta = new Eta()
  const texts = [1, 2].map(() => eta.renderStringAsync(text, { fragment, cache, render }))
  gate.resolve('<i>')
  expect(await Promise.all(texts)).toEqual(['<i>', '<i>'])
  expect(render).toHaveBeenCalledTimes(1)
})

test('tagged templates: what the tag gives is kept as it is', async () => {
  const cache = new Cache()
  const sidebar = (name: string) =>
    fragmentSync('sidebar', { cache, varyOn: [name] }, () => html`<b>${name}</b>`)
  expect(String(await html`<p>${sidebar('<Ada>')}</p>`)).toBe('<p><b>&lt;Ada&gt;</b></p>')
  expect(sidebar('<Ada>')).toBe(sidebar('<Ada>'))
  expect(invalidateFragment('sidebar', ['<Ada>'], cache)).toBe(true)
})
