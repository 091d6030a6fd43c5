import type { AnyLoader, LoadContext } from '../loading/flight.ts'
import { checkTags, type LoadOptions } from '../options/options.ts'
import { milliseconds, refusal } from '../options/units.ts'
import { absence, type Encoded } from './codec.ts'
import { encodeText } from './keys.ts'
import type { Found } from './remote-values.ts'
import { nothing, type TieredSpace } from './tiered-space.ts'

/** What a caller of `getOrLoad` wants. */
export interface TieredRequest {
  readonly space: TieredSpace
  readonly key: unknown
  readonly loader: AnyLoader
  readonly options: LoadOptions<never, never> | undefined
  /** Asks the second tier. */
  readonly read: (text: string) => Promise<Found>
}

/** The live value here, or that of the second tier, or what the loader resolves to; the loads of the local cache see to the rest. */
export function getOrLoad(request: TieredRequest): Promise<unknown> {
  const { space, key, loader, options } = request
  if (typeof loader !== 'function') return Promise.reject(refusal('loader', 'a function', loader))
  const { protocol } = space
  const { firstAnswer } = protocol
  if (firstAnswer !== undefined) return firstAnswer.then(() => getOrLoad(request))
  protocol.checkTrust()
  let own: unknown
  let settings: LoadOptions | undefined
  try {
    own = space.localKey(key)
    settings = localOptions(options)
    if (!protocol.isKnown) leaveOld(space, key)
  } catch (error) {
    return Promise.reject(error)
  }
  return space
    .localOf(key)
    .getOrLoad(own, (_: unknown, context: LoadContext) => load(request, context), settings)
}

/**
 * What the local cache is told: ttl and tags come with the value. Tags that are known before tell whether a load can be joined: one is not
 * that began before one of them was deleted.
 */
function localOptions(options: LoadOptions<never, never> | undefined): LoadOptions | undefined {
  const { ttl, tags } = (options ?? {}) as LoadOptions
  if (ttl === undefined && tags === undefined) return options as LoadOptions | undefined
  const known = typeof tags === 'function' ? undefined : checkTags(tags)?.map(encodeText)
  return { ...(options as LoadOptions), ttl: undefined, tags: known }
}

/** While the log cannot be read, a load that began before `maxStale` is not joined. */
function leaveOld(space: TieredSpace, key: unknown): void {
  const { protocol } = space
  const text = space.encode(key)
  const start = protocol.underWay.oldest(text)
  if (start === undefined || protocol.now() - start <= protocol.settings.maxStale) return
  protocol.underWay.overtake({ ...nothing, keys: [text] })
  space.localOf(key).expire(space.localKey(key))
}

async function load(request: TieredRequest, context: LoadContext): Promise<unknown> {
  const { space, key, options } = request
  const { protocol } = space
  const { underWay } = protocol
  const text = space.encode(key)
  const work = underWay.begin(text, protocol.now())
  let lease: number | undefined
  let filling: Promise<boolean> | undefined
  try {
    const found = await request.read(text)
    lease = found.lease
    if (found.isHit && serves(space, found, context, options)) {
      space.hold(key, text)
      context.ttl = space.localTtl(found.left!, work.start)
      context.tags = space.ownTags(found.tags)
      return found.value
    }
    const value = await fromLoader(request, context, found)
    const terms = space.terms(value, key, context.ttl ?? options?.ttl, context.tags ?? options?.tags)
    context.tags = space.ownTags(terms.tags)
    context.ttl = space.localTtl(terms.ttl, work.start)
    const encoded = encodedOf(space, value, options)
    if (encoded !== undefined && context.keep) {
      space.hold(key, text)
      if (found.token !== undefined && terms.ttl > 0)
        filling = protocol.values.fill(text, work, found.token, encoded, {
          ...terms,
          ttl: value === undefined ? negativeTtl(space, options) : terms.ttl,
        })
    }
    return value
  } finally {
    underWay.end(work)
    void settle(space, text, filling, lease).catch((error) => protocol.onFault('codec', error, key))
  }
}

/** A lease is given up where nothing was stored. */
async function settle(
  { protocol }: TieredSpace,
  text: string,
  filling: Promise<boolean> | undefined,
  lease: number | undefined,
): Promise<void> {
  const isStored = await filling
  if (lease !== undefined && !isStored) await protocol.values.release(text, lease)
}

/** The loader's value; where it fails, that of the second tier, if it may still be given. */
async function fromLoader(
  { space, key, loader, options }: TieredRequest,
  context: LoadContext,
  found: Found,
): Promise<unknown> {
  const { protocol, opened } = space
  const readAt = protocol.now()
  try {
    return await loader(key as never, context as never)
  } catch (error) {
    const staleIfError = milliseconds(options?.staleIfError ?? opened.staleIfError, 'staleIfError')
    const left = (found.left ?? -Infinity) - (protocol.now() - readAt)
    if (!found.isHit || found.value === undefined || context.stale !== undefined || left + staleIfError <= 0)
      throw error
    context.keep = false
    return found.value
  }
}

/** Whether what the second tier has can be given: not when it is over, nor to a refresh that is forced or wants a younger one. */
function serves(
  { opened }: TieredSpace,
  { left }: Found,
  context: LoadContext,
  options: LoadOptions<never, never> | undefined,
): boolean {
  if (left === undefined || left <= 0 || options?.forceRefresh) return false
  if (context.stale === undefined) return true
  const share = options?.refreshAhead ?? opened.refreshAhead
  const ttl =
    typeof options?.ttl === 'function' ? opened.ttl : milliseconds(options?.ttl ?? opened.ttl, 'ttl')
  return share === undefined || left > ttl * (1 - share)
}

function encodedOf(
  space: TieredSpace,
  value: unknown,
  options: LoadOptions<never, never> | undefined,
): Encoded | undefined {
  if (value !== undefined) return space.protocol.codec.serialize(value)
  return negativeTtl(space, options) > 0 ? absence : undefined
}

function negativeTtl({ opened }: TieredSpace, options: LoadOptions<never, never> | undefined): number {
  return milliseconds(options?.negativeTtl ?? opened.negativeTtl, 'negativeTtl')
}
