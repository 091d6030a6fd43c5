import { NONE } from '../core/slots.ts'
import { Finding } from '../store.ts'
import { Flight, type LoadRequest, tooLate } from './flight.ts'

/**
 * What a caller of `getOrLoad` gets where nothing live is: what an earlier load found out, a stale value, or the result of a load.
 */
export async function serveOrLoad(request: LoadRequest, signal: AbortSignal | undefined): Promise<unknown> {
  const { store, space, key, terms } = request
  signal?.throwIfAborted()
  const slot = store.findKept(space, key)
  if (slot === NONE) return joinOrStart(request).wait(signal, Infinity)
  const value = store.valueAt(slot)
  if (value instanceof Finding) {
    if (value.kind === 'failed') throw value.error
    return undefined
  }
  const age = store.age(slot)
  const rests = store.isResting(slot)
  if (age < terms.staleWhileRevalidate || (rests && age < terms.staleIfError)) {
    if (!rests) refresh(request)
    store.counters.staleServed++
    return value
  }
  const flight = joinOrStart(request)
  if (age >= terms.staleIfError) return flight.wait(signal, Infinity)
  try {
    return await flight.wait(signal, terms.softTimeout)
  } catch (error) {
    if (error !== tooLate && signal?.aborted) throw error
    store.counters.staleServed++
    return value
  }
}

/** Starts a load of a value that another can stand in for, unless one is under way. */
export function refresh(request: LoadRequest): void {
  if (current(request) === undefined) new Flight(request, true)
}

function joinOrStart(request: LoadRequest): Flight {
  const flight = current(request)
  if (flight === undefined) return new Flight(request, false)
  request.store.counters.joins++
  return flight
}

/** The load of this key that can be joined. */
function current({ space, key }: LoadRequest): Flight | undefined {
  const flight = space.flights?.at(key) as Flight | undefined
  return flight?.isGivenUp ? undefined : flight
}
