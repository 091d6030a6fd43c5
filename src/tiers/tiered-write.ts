import type { SetOptions } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import type { Encoded } from './codec.ts'
import type { Cover } from './message.ts'
import type { StoreTerms, Token } from './remote-values.ts'
import { nothing, type TieredSpace } from './tiered-space.ts'
import type { Work } from './under-way.ts'

/** Runs `write`, then stores what it returned, unless something else has invalidated the key since. */
export async function update<T>(
  space: TieredSpace,
  key: unknown,
  write: () => T | PromiseLike<T>,
  options: SetOptions | undefined,
): Promise<T> {
  if (typeof write !== 'function') throw refusal('write', 'a function', write)
  const { protocol } = space
  const text = space.encode(key)
  space.terms(undefined, key, options?.ttl, options?.tags)
  const called = protocol.now()
  await protocol.firstAnswer
  const { token } = protocol.values
  const { underWay } = protocol
  const work = underWay.begin(text, protocol.now())
  const limit = protocol.settings.writeTimeout - (work.start - called)
  let value: T
  try {
    value = await write()
  } catch (error) {
    await protocol.invalidate({ ...nothing, keys: [text] }, limit)
    throw error
  } finally {
    underWay.end(work)
  }
  await store(space, key, text, value, work, token, options, limit)
  return value
}

/** An update with nothing to wait for; whether the second tier has acknowledged in time. */
export function set(
  space: TieredSpace,
  key: unknown,
  value: unknown,
  options: SetOptions | undefined,
  called: number = space.protocol.now(),
): Promise<boolean> {
  if (value === undefined) throw refusal('value', 'anything but undefined, which means "not here"', value)
  const { protocol } = space
  const text = space.encode(key)
  space.terms(value, key, options?.ttl, options?.tags)
  protocol.codec.serialize(value)
  const { firstAnswer } = protocol
  if (firstAnswer !== undefined) return firstAnswer.then(() => set(space, key, value, options, called))
  const { token } = protocol.values
  const { underWay } = protocol
  const work = underWay.begin(text, protocol.now())
  underWay.end(work)
  const limit = protocol.settings.writeTimeout - (work.start - called)
  return store(space, key, text, value, work, token, options, limit)
}

/** Tells all that a key has another value, which is kept where nothing stands against it. */
function store(
  space: TieredSpace,
  key: unknown,
  text: string,
  value: unknown,
  work: Work,
  token: Token | undefined,
  options: SetOptions | undefined,
  limit: number,
): Promise<boolean> {
  const { protocol } = space
  const cover: Cover = { ...nothing, keys: [text] }
  let encoded: Encoded
  let terms: StoreTerms
  try {
    terms = space.terms(value, key, options?.ttl, options?.tags)
    if (value === undefined || work.isTooLate(terms.tags) || !(terms.ttl > 0))
      return protocol.invalidate(cover, limit)
    encoded = protocol.codec.serialize(value)
  } catch (error) {
    return protocol.invalidate(cover, limit).then(() => Promise.reject(error))
  }
  protocol.drop(cover)
  space.keep(key, text, value, terms.ttl, terms.tags, work.start)
  return protocol.write(cover, text, work.start, token, encoded, terms, limit)
}
