import type { Space } from '../core/space.ts'
import { anyDead, joinTags, leaveTags } from '../core/tags.ts'
import type { Store } from '../store.ts'

/** What a load needs besides its key. */
export interface LoadTerms {
  readonly ttl: number
  readonly jitter: number
  readonly tags: readonly string[] | undefined
}

/**
 * One load under way, shared by all who ask for its key meanwhile.
 *
 * The fence: a flight may store its result only while it is listed in its space's `flights`. A set, a delete, a version move or a
 * clear takes it off that list, so the result that it brings later is given to those who wait and to nobody else; who asks after
 * that starts a new flight. A deleted tag does the same to the flights that would store under it.
 */
class Flight {
  readonly promise: Promise<unknown>
  resolve!: (value: unknown) => void
  reject!: (error: unknown) => void

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }
}

/** Joins the load of this key that may still store, or starts one. */
export function joinOrLoad(
  store: Store,
  space: Space,
  key: unknown,
  loader: (key: never) => unknown,
  terms: LoadTerms,
): Promise<unknown> {
  const under = space.flights?.get(key) as Flight | undefined
  if (under !== undefined) return under.promise
  const flight = new Flight()
  space.flights ??= new Map()
  space.flights.set(key, flight)
  fly(store, space, key, loader, terms, flight).then(flight.resolve, flight.reject)
  return flight.promise
}

async function fly(
  store: Store,
  space: Space,
  key: unknown,
  loader: (key: never) => unknown,
  { ttl, jitter, tags }: LoadTerms,
  flight: Flight,
): Promise<unknown> {
  const groups = tags && joinTags(space, tags)
  try {
    const value = await timed(store, () => loader(key as never))
    if (value === undefined) return undefined
    const incoming = store.prepare(key, value, ttl, tags)
    const overtaken = space.flights?.get(key) !== flight || (groups !== undefined && anyDead(groups))
    if (!overtaken) store.commit(space, key, incoming, jitter)
    return incoming.value
  } finally {
    if (space.flights?.get(key) === flight) space.flights.delete(key)
    if (groups !== undefined) leaveTags(groups)
    store.settle()
  }
}

async function timed(store: Store, load: () => unknown): Promise<unknown> {
  const { counters, clock } = store
  const start = clock.read()
  counters.loads++
  try {
    return await load()
  } catch (error) {
    counters.loadFailures++
    throw error
  } finally {
    counters.totalLoadTime += clock.read() - start
  }
}
