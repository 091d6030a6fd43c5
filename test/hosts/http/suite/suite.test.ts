import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  installSuite,
  publishedResults,
  type Results,
  runSuite,
  type SuiteTest,
  startOrigin,
  suiteTests,
} from './run.ts'
import { serveExpress, serveHono } from './servers.ts'

/** Required tests that fail, and why that is meant. */
const MEANT: Record<string, string> = {
  'headers-store-Set-Cookie': 'what sets a cookie is not stored',
  '304-etag-update-response-Set-Cookie': 'what sets a cookie is not stored',
  'age-parse-dup-0': 'of two ages the first counts (RFC 9111, 5.1)',
  'age-parse-dup-0-twoline': 'of two ages the first counts (RFC 9111, 5.1)',
  'age-parse-dup-old': 'of two ages the first counts (RFC 9111, 5.1)',
  'age-parse-prefix-twoline': 'of two ages the first counts (RFC 9111, 5.1)',
  'stale-close-must-revalidate': 'the handler answers 502 where its origin closes the connection',
  'stale-close-proxy-revalidate': 'the handler answers 502 where its origin closes the connection',
  'stale-close-no-cache': 'the handler answers 502 where its origin closes the connection',
  'stale-close-s-maxage=2': 'the handler answers 502 where its origin closes the connection',
}
/** A field for caches of one's own that no standard defines. */
const LEFT_OUT = 'surrogate-control'

let tests: SuiteTest[] = []
beforeAll(async () => {
  installSuite()
  tests = (await suiteTests()).filter(({ group }) => group !== LEFT_OUT)
}, 120_000)

function passed(results: Results, kind: SuiteTest['kind']): string {
  const all = tests.filter((one) => one.kind === kind)
  return `${all.filter(({ id }) => results[id] === true).length} of ${all.length}`
}

describe.each(Object.entries({ express: serveExpress, hono: serveHono }))(
  'the public tests of HTTP caches, %s',
  (name, serve) => {
    test('pass, but for those that are meant to fail', { timeout: 180_000 }, async () => {
      const origin = await startOrigin()
      const server = await serve(origin.port)
      try {
        const results = await runSuite(server.url)
        const failed = tests.filter(({ id, kind }) => kind === 'required' && results[id] !== true)
        const unmeant = failed.filter(({ id }) => !(id in MEANT)).map(({ id }) => [id, results[id]])
        expect(unmeant).toEqual([])
        const page = readFileSync(new URL('../../../../docs/http.md', import.meta.url), 'utf8')
        expect(page).toContain(
          `| nearcache, ${name} | ${passed(results, 'required')} | ${passed(results, 'optimal')} |`,
        )
      } finally {
        await server.close()
        origin.close()
      }
    })
  },
)

test.each(['nginx', 'varnish', 'squid', 'apache', 'trafficserver', 'fastly'])(
  'the page says what the suite publishes of %s',
  (name) => {
    const results = publishedResults(name)
    const page = readFileSync(new URL('../../../../docs/http.md', import.meta.url), 'utf8')
    expect(page).toContain(`| ${name} | ${passed(results, 'required')} | ${passed(results, 'optimal')} |`)
  },
)
