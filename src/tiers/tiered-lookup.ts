import type { SetOptions } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import { OpenLoad } from './open-load.ts'
import type { Found, Token } from './remote-values.ts'
import type { TieredSpace } from './tiered-space.ts'
import type { Work } from './under-way.ts'

/** Adds what the second tier has under these keys, if it answers by `until`, and keeps it here. */
export async function lookUp<K, V>(
  space: TieredSpace,
  keys: readonly K[],
  here: Map<K, V>,
  until: number,
): Promise<void> {
  const { protocol } = space
  const texts = keys.map((key) => space.encode(key))
  const works = texts.map((text) => protocol.underWay.begin(text, protocol.now()))
  try {
    const found = await protocol.values.read(texts, false, until)
    for (const [i, one] of found.entries())
      if (keeps(space, keys[i], texts[i]!, works[i]!, one)) here.set(keys[i]!, one.value as V)
  } finally {
    for (const work of works) protocol.underWay.end(work)
  }
}

/** Asks the second tier for a key that is not held here; where it has nothing, the load is open for its caller to finish. */
export async function openLoad<V>(
  space: TieredSpace,
  key: unknown,
  text: string,
  until: number,
): Promise<OpenLoad<V>> {
  const { protocol } = space
  const { underWay } = protocol
  const work = underWay.begin(text, protocol.now())
  let found: Found
  try {
    ;[found] = (await protocol.values.read([text], false, until)) as [Found]
  } catch (error) {
    underWay.end(work)
    throw error
  }
  if (keeps(space, key, text, work, found)) {
    underWay.end(work)
    return new OpenLoad(found.value as V)
  }
  return new OpenLoad<V>(undefined, {
    age: () => protocol.now() - work.start,
    isOvertaken: (tags) => work.isTooLate(space.levelled(tags)),
    finish: (value, options) => finish(space, key, text, work, found.token, value, options),
    end: () => underWay.end(work),
  })
}

/** Whether the second tier has a live value, which is kept here unless it was overtaken on the way. */
function keeps(space: TieredSpace, key: unknown, text: string, work: Work, found: Found): boolean {
  if (!found.isHit || found.value === undefined || (found.left ?? 0) <= 0) return false
  if (!work.isTooLate(found.tags)) space.keep(key, text, found.value, found.left!, found.tags, work.start)
  return true
}

/** Stores what a load has brought, unless it was overtaken; whether it is kept here. */
function finish(
  space: TieredSpace,
  key: unknown,
  text: string,
  work: Work,
  token: Token | undefined,
  value: unknown,
  options: SetOptions | undefined,
): boolean {
  if (value === undefined) throw refusal('value', 'anything but undefined, which means "not here"', value)
  const { protocol } = space
  const terms = space.terms(value, key, options?.ttl, options?.tags)
  const encoded = protocol.codec.serialize(value)
  if (protocol.isClosed || work.isTooLate(terms.tags) || !(terms.ttl > 0)) return false
  const isKept = space.keep(key, text, value, terms.ttl, terms.tags, work.start)
  if (token !== undefined)
    void protocol.values
      .fill(text, work, token, encoded, terms)
      .catch((error) => protocol.onFault('codec', error, key))
  return isKept
}
