// The worker. The first request runs the smoke; all of them share a cache, as they do in production.
import { Cache } from 'nearcache'
import { after, smoke } from './smoke.ts'

const shared = new Cache<string, number>({ ttl: 30 })

/** A request writes, and another may find, what is swept in neither's time. */
async function visit(visitor: string): Promise<boolean> {
  const before = shared.get('visitor')
  shared.set('visitor', 1)
  shared.delete(visitor)
  shared.set(visitor, 1, { ttl: 60 })
  await after(50)
  const loaded = await shared.getOrLoad(`loaded by ${visitor}`, async () => 2)
  return before === undefined && shared.get('visitor') === undefined && loaded === 2
}

export default {
  async fetch(request: { url: string }): Promise<unknown> {
    const { pathname } = new URL(request.url)
    const findings = pathname === '/' ? await smoke() : { cases: 1, failures: [] }
    if (!(await visit(pathname))) findings.failures.push(`${pathname}: the shared cache does not expire`)
    return Response.json(findings)
  },
}
