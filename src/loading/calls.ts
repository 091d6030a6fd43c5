import { iterable } from '../engine/reads.ts'
import type { LoadOptions } from '../options/options.ts'
import { resolveLoad } from '../options/resolved.ts'
import { refusal } from '../options/units.ts'
import { Batch } from './batch.ts'
import type { AnyLoader, LoadPlace } from './flight.ts'
import { isDue } from './kept.ts'
import { refresh, serveOrLoad } from './load.ts'
import type { AnyBatchLoader } from './loads.ts'
import type { Wait } from './waits.ts'

/** A call for loads. What is `resolved` holds unless its options say otherwise. */
export interface LoadCall extends LoadPlace {
  readonly options: LoadOptions<never, never> | undefined
  /** What it waits for, where a loader made it. */
  readonly wait: Wait | undefined
}

/** The live value of a slot, or what is kept or loaded instead; a live one that is due is refreshed behind the caller's back. */
export async function getOrLoad(
  call: LoadCall,
  slot: number | undefined,
  key: unknown,
  loader: AnyLoader,
  isBatched: boolean,
): Promise<unknown> {
  const { store, space, options, wait } = call
  const isForced = options?.forceRefresh === true
  const found = isForced ? missed(call) : store.read(space, slot, key)
  if (found !== undefined && !isDue(store, slot!)) return found
  if (typeof loader !== 'function') throw refusal('loader', 'a function', loader)
  const resolved = resolveLoad(call.resolved, options)
  const request = { store, space, key, loader, resolved, isBatched, isForced, wait }
  if (found === undefined) return store.copyOut(await serveOrLoad(request, options?.signal))
  refresh(request)
  return found
}

/** A read that is to find nothing. */
function missed({ store, space }: LoadPlace): undefined {
  store.assertOpen(space)
  space.counters.miss()
}

/** `getOrLoad` for many keys, whose loads are one call of `loadMany`. */
export async function getOrLoadMany<K>(
  call: LoadCall,
  keys: Iterable<K>,
  loadMany: AnyBatchLoader,
): Promise<Map<K, unknown>> {
  if (typeof loadMany !== 'function') throw refusal('loadMany', 'a function', loadMany)
  const { store, space, options } = call
  const batch = new Batch({ store, space, resolved: resolveLoad(call.resolved, options) }, loadMany)
  const asked = [...new Set(iterable(keys, 'keys'))]
  const results = asked.map((key) => getOrLoad(call, space.map.get(key), key, batch.load, true))
  batch.run()
  return valuesFound(asked, results)
}

/** The values found, in the order asked. */
export async function valuesFound<K>(
  asked: readonly K[],
  results: readonly Promise<unknown>[],
): Promise<Map<K, unknown>> {
  const values = await Promise.all(results)
  const found = new Map<K, unknown>()
  for (const [i, key] of asked.entries()) if (values[i] !== undefined) found.set(key, values[i])
  return found
}
