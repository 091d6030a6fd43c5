import { nearestName } from '../spelling.ts'

/** What other cache libraries call a thing, and what there is here that does it: an option, or in words. */
const ELSEWHERE: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['max', ['maxEntries']],
  ['maxsize', ['maxEntries', 'maxWeight']],
  ['maxkeys', ['maxEntries']],
  ['maxitems', ['maxEntries']],
  ['max_entries', ['maxEntries']],
  ['capacity', ['maxEntries']],
  ['size', ['maxEntries']],
  ['lrusize', ['maxEntries']],
  ['maxentrysize', ['maxEntryWeight']],
  ['sizecalculation', ['weigh']],
  ['maxage', ['ttl']],
  ['stdttl', ['ttl']],
  ['TIMEOUT', ['ttl']],
  ['timeout', ['hardTimeout', 'ttl']],
  ['expires', ['ttl']],
  ['expiresin', ['ttl']],
  ['ttljitterrange', ['ttlJitter']],
  ['updateageonget', ['idleTtl']],
  ['updateageonhas', ['idleTtl']],
  ['dispose', ['onRemoval']],
  ['disposeafter', ['onRemoval']],
  ['oneviction', ['onRemoval']],
  ['onevict', ['onRemoval']],
  ['useclones', ['protect']],
  ['allowstale', ['staleWhileRevalidate']],
  ['allowstaleonfetchrejection', ['staleIfError']],
  ['grace', ['staleIfError']],
  ['graceperiod', ['staleIfError']],
  ['gracebackoff', ['errorBackoff']],
  ['refreshthreshold', ['refreshAhead']],
  ['forcerefresh', ['forceRefresh', 'the option forceRefresh of getOrLoad()']],
  ['forcefresh', ['forceRefresh', 'the option forceRefresh of getOrLoad()']],
  ['namespace', ['keyPrefix']],
  ['key_prefix', ['keyPrefix']],
  ['prefix', ['keyPrefix']],
  ['location', ['name']],
  ['fetchmethod', ['the loader of getOrLoad()']],
  ['iscacheable', ['a ttl of 0 for what is not to be kept']],
  ['checkperiod', ['nothing instead: expired entries are swept by themselves']],
  ['ttlautopurge', ['nothing instead: expired entries are swept by themselves']],
  ['deleteonexpire', ['nothing instead: expired entries are swept by themselves']],
  ['options', ['each option by itself, beside the others']],
  ['remote', ["createCaches or TieredCache of 'nearcache/tiered'"]],
  ['store', ['an adapter such as nearcache/keyv']],
])

/** How many names a message lists at most. */
const FEW = 8

/** What a message says after a name that is no option: what has its meaning here, or nearly its spelling, else the few that there are. */
export function suggestion(name: string, known: readonly string[]): string {
  const lower = name.toLowerCase()
  const meant = ELSEWHERE.get(name) ?? ELSEWHERE.get(lower) ?? []
  const options = meant.filter((other) => known.includes(other))
  if (options.length > 0) return `; did you mean ${quoted(options, ' or ')}?`
  const words = meant.find((other) => other.includes(' '))
  if (words !== undefined) return `; use ${words}`
  const nearest = nearestName(name, known)
  if (nearest !== undefined) return `; did you mean '${nearest}'?`
  return known.length > FEW ? '' : `, only ${quoted(known, ', ')}`
}

function quoted(names: readonly string[], between: string): string {
  return names.map((name) => `'${name}'`).join(between)
}
