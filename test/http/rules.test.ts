import { describe, expect, test } from 'vitest'
import { isNotModified, partFor } from '../../src/http/conditions.ts'
import { Directives } from '../../src/http/directives.ts'
import { type Field, httpDate, storedFields } from '../../src/http/fields.ts'
import { type Asked, freshnessOf, type Lifetimes } from '../../src/http/freshness.ts'
import type { StoredResponse } from '../../src/http/stored.ts'

const NOW = Date.UTC(2030, 0, 2, 3, 4, 5)
const date = new Date(NOW).toUTCString()
const anonymous: Asked = { hasCredentials: false, hasCookies: false }
const nothing: Lifetimes = { ttl: undefined, staleWhileRevalidate: 0, staleIfError: 0 }

function lifetime(
  fields: Record<string, string>,
  { status = 200, asked = anonymous, settings = nothing } = {},
): number | undefined {
  return freshnessOf(status, Object.entries(fields), asked, settings, NOW)?.lifetime
}

describe('directives', () => {
  test.each([
    ['max-age=60', 60_000],
    ['MAX-AGE=60', 60_000],
    ['public,max-age=60,foo', 60_000],
    ['max-age="60"', 60_000],
    ['max-age=60, max-age=0', 60_000],
    ['max-age=6x', 0],
    ['max-age=-1', 0],
    ['max-age=1.5', 0],
    ['max-age=', 0],
    ['max-age', 0],
    ['foo="max-age=60"', undefined],
    ['foo="a\\"b, max-age=9", max-age=60', 60_000],
    ['s-maxage=60', undefined],
    ['max-age=99999999999999999999', 2 ** 31 * 1000],
    ['', undefined],
  ])('max-age of %j is %j ms', (field, expected) => {
    expect(new Directives(field).milliseconds('max-age')).toBe(expected)
  })
})

describe('dates', () => {
  test.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', Date.UTC(1994, 10, 6, 8, 49, 37)],
    ['Sunday, 06-Nov-94 08:49:37 GMT', Date.UTC(1994, 10, 6, 8, 49, 37)],
    ['Sun Nov  6 08:49:37 1994', Date.UTC(1994, 10, 6, 8, 49, 37)],
    ['Sun, 06 Nov 1994 08:49:37 +0000', undefined],
    ['Sun, 6 Nov 1994 08:49:37 GMT', undefined],
    ['Sun, 06 Foo 1994 08:49:37 GMT', undefined],
    ['Sun, 06 Nov 1994 25:49:37 GMT', undefined],
    ['1994-11-06T08:49:37Z', undefined],
    ['0', undefined],
    ['', undefined],
  ])('%j is %j', (value, expected) => {
    expect(httpDate(value)).toBe(expected)
  })
})

describe('how long a response may be used', () => {
  test.each<[string, number | undefined, Record<string, string>]>([
    ['s-maxage goes before max-age', 5000, { 'cache-control': 'max-age=60, s-maxage=5' }],
    ['max-age goes before Expires', 60_000, { 'cache-control': 'max-age=60', expires: date, date }],
    ['Expires counts from Date', 30_000, { expires: new Date(NOW + 30_000).toUTCString(), date }],
    ['an Expires that is no date has passed', 0, { expires: '0' }],
    ['no lifetime is guessed', undefined, { 'last-modified': date }],
    ['private is not stored', undefined, { 'cache-control': 'private, max-age=60' }],
    ['private for one field is not stored either', undefined, { 'cache-control': 'private="x", max-age=60' }],
    ['no-store is not stored', undefined, { 'cache-control': 'no-store, max-age=60' }],
    [
      'what sets a cookie is not stored',
      undefined,
      { 'cache-control': 'public, max-age=60', 'set-cookie': 'a=b' },
    ],
    ['no-cache with a validator is stored, to be confirmed', 0, { 'cache-control': 'no-cache', etag: '"a"' }],
    ['no-cache without a validator is not', undefined, { 'cache-control': 'no-cache' }],
  ])('%s', (_, expected, fields) => {
    expect(lifetime(fields)).toBe(expected)
  })

  test.each([206, 304, 100, 101])('a response of status %i is not stored', (status) => {
    expect(lifetime({ 'cache-control': 'max-age=60' }, { status })).toBeUndefined()
  })

  test('what a client with credentials got is stored only where the response allows it', () => {
    const asked = { hasCredentials: true, hasCookies: false }
    expect(lifetime({ 'cache-control': 'max-age=60' }, { asked })).toBeUndefined()
    for (const allowed of ['public', 's-maxage=60', 'must-revalidate'])
      expect(lifetime({ 'cache-control': `max-age=60, ${allowed}` }, { asked })).toBe(60_000)
  })

  test('a lifetime from the settings is for responses that say nothing, to requests without cookies', () => {
    const settings = { ...nothing, ttl: 7000 }
    expect(lifetime({}, { settings })).toBe(7000)
    expect(lifetime({ 'cache-control': 'max-age=1' }, { settings })).toBe(1000)
    expect(lifetime({ 'cache-control': 'no-store' }, { settings })).toBeUndefined()
    expect(lifetime({}, { settings, status: 500 })).toBeUndefined()
    expect(lifetime({}, { settings, status: 404 })).toBeUndefined()
    const asked = { hasCredentials: false, hasCookies: true }
    expect(lifetime({}, { settings, asked })).toBeUndefined()
    expect(lifetime({ 'cache-control': 'public' }, { settings, asked })).toBe(7000)
  })

  test('the age that a response brings counts, and the first of two', () => {
    const aged = (fields: Record<string, string>): number | undefined =>
      freshnessOf(200, Object.entries({ 'cache-control': 'max-age=60', ...fields }), anonymous, nothing, NOW)
        ?.initialAge
    expect(aged({ age: '10' })).toBe(10_000)
    expect(aged({ age: '10, 20' })).toBe(10_000)
    expect(aged({ age: 'old' })).toBe(Infinity)
    expect(aged({ date: new Date(NOW - 9000).toUTCString() })).toBe(9000)
    expect(aged({ date: new Date(NOW + 9000).toUTCString() })).toBe(0)
  })

  test('a strict response is never served past its lifetime', () => {
    const settings = { ttl: undefined, staleWhileRevalidate: 1000, staleIfError: 2000 }
    const stale = (control: string): (number | undefined)[] => {
      const found = freshnessOf(200, [['cache-control', control]], anonymous, settings, NOW)
      return [found?.staleWhileRevalidate, found?.staleIfError]
    }
    expect(stale('max-age=1')).toEqual([1000, 2000])
    expect(stale('max-age=1, stale-while-revalidate=5, stale-if-error=6')).toEqual([5000, 6000])
    for (const strict of ['must-revalidate', 'proxy-revalidate', 's-maxage=1'])
      expect(stale(`max-age=1, stale-if-error=6, ${strict}`)).toEqual([0, 0])
  })
})

test('fields of the connection, and those that it names, are not stored', () => {
  const fields: Field[] = [
    ['connection', 'close, X-Hop'],
    ['x-hop', '1'],
    ['keep-alive', 'timeout=5'],
    ['transfer-encoding', 'chunked'],
    ['age', '3'],
    ['content-type', 'text/plain'],
    ['x-mine', '1'],
  ]
  expect(storedFields(fields, new Set(['x-mine']))).toEqual([['content-type', 'text/plain']])
})

describe('what is sent of a stored response', () => {
  const fields: Field[] = [
    ['etag', '"a"'],
    ['last-modified', date],
    ['content-type', 'text/plain'],
  ]
  const stored: StoredResponse = {
    ...freshnessOf(200, [['cache-control', 'max-age=1']], anonymous, nothing, NOW)!,
    status: 200,
    fields,
    body: new TextEncoder().encode('0123456789'),
    etag: '"a"',
    lastModified: date,
    tags: [],
  }
  const sent = (asks: Record<string, string>, method = 'GET'): string => {
    const part = partFor(method, (name) => asks[name], stored)
    return `${part.status} ${part.body === undefined ? '-' : new TextDecoder().decode(part.body)}`
  }

  test.each<[string, Record<string, string>]>([
    ['200 0123456789', {}],
    ['304 -', { 'if-none-match': '"a"' }],
    ['304 -', { 'if-none-match': 'W/"x", W/"a"' }],
    ['304 -', { 'if-none-match': '*' }],
    ['200 0123456789', { 'if-none-match': '"b"', 'if-modified-since': date }],
    ['304 -', { 'if-modified-since': date }],
    ['200 0123456789', { 'if-modified-since': new Date(NOW - 1000).toUTCString() }],
    ['200 0123456789', { 'if-modified-since': 'yesterday' }],
    ['206 234', { range: 'bytes=2-4' }],
    ['206 789', { range: 'bytes=-3' }],
    ['206 89', { range: 'bytes=8-' }],
    ['206 89', { range: 'bytes=8-99' }],
    ['416 ', { range: 'bytes=10-' }],
    ['416 ', { range: 'bytes=-0' }],
    ['200 0123456789', { range: 'bytes=4-2' }],
    ['200 0123456789', { range: 'bytes=0-1,3-4' }],
    ['200 0123456789', { range: 'lines=0-1' }],
    ['206 01', { range: 'bytes=0-1', 'if-range': '"a"' }],
    ['200 0123456789', { range: 'bytes=0-1', 'if-range': '"b"' }],
    ['200 0123456789', { range: 'bytes=0-1', 'if-range': 'W/"a"' }],
  ])('%s for %j', (expected, asks) => {
    expect(sent(asks)).toBe(expected)
  })

  test('a HEAD gets the fields of the whole body and no body', () => {
    const part = partFor('HEAD', () => undefined, stored)
    expect([part.status, part.body]).toEqual([200, undefined])
    expect(part.fields).toContainEqual(['content-length', '10'])
  })

  test('only a 200 is answered by 304', () => {
    expect(isNotModified(() => '"a"', { ...stored, status: 404 })).toBe(false)
  })
})
