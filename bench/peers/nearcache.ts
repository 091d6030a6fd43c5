import { cpSync, rmSync } from 'node:fs'
import { load, type New, type Peer, type Target, TTL } from './peer.ts'

type Package = { Cache: New<[object], Target> }

/** The built package, as users install it. */
export const builtPackage = new URL('../../dist/', import.meta.url)
const copies = new URL('../../.cache/bench/', import.meta.url)

/**
 * nearcache with a policy. Each has a copy of the built package: within one copy, the calls of the two policies would share inline
 * caches, which no other peer's have to.
 */
export async function nearcache(
  name: string,
  policy: 'adaptive' | 'lru',
  dist: URL = builtPackage,
): Promise<Peer> {
  const { Cache } = await load<Package>(copyOf(dist, name.replaceAll(' ', '-')).href)
  return { name, ttl: true, make: (maxEntries) => new Cache({ maxEntries, ttl: TTL, policy }) }
}

/** The entry of a fresh copy of a built package. */
export function copyOf(dist: URL, name: string): URL {
  const copy = new URL(`${name}/`, copies)
  rmSync(copy, { recursive: true, force: true })
  cpSync(dist, copy, { recursive: true })
  return new URL('index.js', copy)
}
