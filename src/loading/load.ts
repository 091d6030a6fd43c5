import { NONE } from '../core/slots.ts'
import { NegativeResult } from '../engine/negative.ts'
import type { Signal } from '../options/options.ts'
import { Flight, type LoadRequest, tooLate } from './flight.ts'
import { ageOf, findHeld, findKept, isResting } from './kept.ts'

/**
 * What a caller of `getOrLoad` gets where nothing live is: what an earlier load found out, a stale value, or the result of a load.
 */
export async function serveOrLoad(request: LoadRequest, signal: Signal | undefined): Promise<unknown> {
  signal?.throwIfAborted()
  return request.isForced ? loadAnew(request, signal) : serveKept(request, signal)
}

async function serveKept(request: LoadRequest, signal: Signal | undefined): Promise<unknown> {
  const { store, space, key, resolved } = request
  const slot = findKept(store, space, key)
  if (slot === NONE) return fromFlight(request, signal)
  const value = store.valueAt(slot)
  if (value instanceof NegativeResult) {
    if (value.kind === 'failed') throw value.error
    return undefined
  }
  const age = ageOf(store, slot)
  const rests = isResting(store, slot)
  if (age < resolved.staleWhileRevalidate || (rests && age < resolved.staleIfError)) {
    if (!rests) refresh(request)
    space.counters.count('staleServed')
    return value
  }
  return orElse(value, resolved.staleIfError - age, request, signal)
}

/** The result of a new load, whatever is held; what is held where that fails and `staleIfError` allows it. */
async function loadAnew(request: LoadRequest, signal: Signal | undefined): Promise<unknown> {
  const { store, space, key, resolved } = request
  const slot = findHeld(store, space, key)
  const value = slot === NONE ? undefined : store.valueAt(slot)
  if (value === undefined || value instanceof NegativeResult || resolved.staleIfError === 0)
    return fromFlight(request, signal)
  return orElse(value, resolved.staleIfError - ageOf(store, slot), request, signal)
}

/** The result of a load, or that value where it fails or takes too long within the time that the value has left. */
async function orElse(
  value: unknown,
  left: number,
  request: LoadRequest,
  signal: Signal | undefined,
): Promise<unknown> {
  const { store, space, resolved } = request
  if (left <= 0) return fromFlight(request, signal)
  const until = store.clock.now() + left
  const limit = resolved.softTimeout < left ? resolved.softTimeout : Infinity
  try {
    return await fromFlight(request, signal, limit, until)
  } catch (error) {
    if (error !== tooLate && (signal?.aborted || store.clock.read() >= until)) throw error
    space.counters.count('staleServed')
    return value
  }
}

/** Starts a load of a value that another can stand in for, unless one is under way. */
export function refresh(request: LoadRequest): void {
  if (current(request) === undefined) new Flight(request, true)
}

/** The result of the load under way, or of a new one. `standsUntil`: before then another value can be given instead of an error. */
async function fromFlight(
  request: LoadRequest,
  signal: Signal | undefined,
  limit = Infinity,
  standsUntil = 0,
): Promise<unknown> {
  const { store, space, key } = request
  const flight = current(request)
  if (flight === undefined) return new Flight(request, false).wait(signal, limit, standsUntil, request.wait)
  flight.join()
  const { deletions } = store.tagFence
  const value = await flight.wait(signal, limit, standsUntil, request.wait)
  // Only at its end did the load tell a tag that may have been deleted before this call: what it brought may be too old for it.
  if (flight.tagDeletions.every((deleted) => deleted > deletions)) return value
  const slot = store.find(space, key)
  return slot === NONE ? serveOrLoad(request, signal) : store.valueAt(slot)
}

/** The load of this key that can be joined. */
function current({ space, key, isForced }: LoadRequest): Flight | undefined {
  const flight = space.flights?.at(key) as Flight | undefined
  return flight?.canBeJoined(isForced) ? flight : undefined
}
