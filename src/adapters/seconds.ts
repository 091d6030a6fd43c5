import { refusal } from '../options/units.ts'

/** A ttl that a host gives in seconds, in milliseconds: 0 is for ever. Without one undefined: the cache's `ttl` holds. */
export function fromSeconds(ttl: unknown): number | undefined {
  if (ttl === undefined || ttl === null) return undefined
  if (typeof ttl !== 'number' || Number.isNaN(ttl)) throw refusal('ttl', 'a number of seconds', ttl)
  return ttl === 0 ? Infinity : ttl * 1000
}
