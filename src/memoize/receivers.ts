import type { Cache } from '../cache.ts'
import type { Plan } from './options.ts'
import { Results } from './results.ts'

/** The results of a method for one receiver; undefined where there can be none. */
export type ResultsFor = (receiver: unknown) => Results | undefined

/** Each instance has results of its own, which go with it: nothing but the instance itself leads to its cache. */
export function byInstance(plan: Plan): ResultsFor {
  const known = new WeakMap<object, Results>()
  const open = plan.isShared ? sharedRooms(plan.open()) : plan.open
  return (receiver) => {
    if (!isObject(receiver)) return undefined
    let results = known.get(receiver)
    if (results === undefined) {
      results = new Results(plan, open(receiver))
      known.set(receiver, results)
    }
    return results
  }
}

/** All receivers share their results. */
export function inCommon(plan: Plan): ResultsFor {
  const results = new Results(plan, plan.open())
  return () => results
}

/** Namespaces in a cache that outlives the instances: emptied when their instance is gone. */
function sharedRooms(cache: Cache<unknown, unknown>): (receiver: object) => Cache<unknown, unknown> {
  let opened = 0
  return (receiver) => {
    const room = cache.namespace<unknown, unknown>(String(++opened))
    gone.register(receiver, room)
    return room
  }
}

const gone = new FinalizationRegistry<Cache<unknown, unknown>>((room) => {
  try {
    room.clear()
  } catch {
    // The cache was closed before.
  }
})

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
