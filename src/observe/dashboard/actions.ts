import { type Cache, storeOf, viewOf } from '../../cache.ts'
import type { Space } from '../../core/space.ts'
import type { Store } from '../../engine/store.ts'
import { isRecord } from '../../options/options.ts'
import { dropEverywhere } from '../../tiers/dropping.ts'
import { tieredAt } from '../../tiers/listed.ts'
import { adviseOn } from '../advice.ts'
import { inspectValue } from './inspect.ts'
import { instance } from './instance.ts'
import { keyOf } from './keys.ts'
import type { DashboardAction, DashboardSettings, DoneAction } from './options.ts'
import { spaceAt } from './spaces.ts'
import type { ActionRequest, ActionResult } from './wire.ts'

/** Something that is asked for, and cannot be done: the answer's status, and why. */
export class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** An action that was read and found possible. */
export interface Action {
  readonly kind: Exclude<DashboardAction, 'view'>
  /** Does it. */
  run(): ActionResult | Promise<ActionResult>
  /** What is told of it. */
  readonly done: Omit<DoneAction, 'request' | 'visitor'>
}

const ANY = ['delete', 'clear', 'resize', 'reveal', 'examine']

/** Reads an action. Throws a Refusal for one that there is not, is not allowed here, or is not understood. */
export function readAction(body: unknown, settings: DashboardSettings, caches: Map<string, Cache>): Action {
  if (!isRecord(body) || !ANY.includes(body.action as string))
    throw new Refusal(400, 'There is no such action.')
  const request = body as unknown as ActionRequest
  const kind = request.action as Action['kind']
  const isAllowed =
    kind === 'examine' || (kind === 'reveal' ? settings.values : settings.actions.includes(kind))
  if (!isAllowed) throw new Refusal(404, 'There is no such action here.')
  const cache = caches.get(request.cache)
  if (cache === undefined) throw new Refusal(404, 'There is no such cache in this process.')
  if (kind === 'resize') return resizing(request, cache)
  if (kind === 'examine') return examining(request, cache)
  const store = storeOf(cache)
  const space = spaceAt(request.path, store)
  if (space === undefined) throw new Refusal(404, 'There is no such namespace in this process.')
  const view = space === store.root ? cache : viewOf(store, space)
  if (kind === 'clear') return clearing(request, view, store, space)
  const meant = settings.keys === 'hashed' ? undefined : keyOf(request.key)
  if (meant === undefined) throw new Refusal(400, 'key: expected the key of an entry.')
  const { key } = meant
  const done = { action: kind, cache: request.cache, key }
  if (kind === 'delete')
    return { kind, done, run: () => dropped(store, space, { key }) ?? result(view.delete(key)) }
  return { kind, done, run: () => revealed(view, key, settings) }
}

function clearing(request: ActionRequest, view: Cache, store: Store, space: Space): Action {
  if (request.confirm !== request.cache) throw new Refusal(400, 'confirm: expected the name of the cache.')
  const run = (): ReturnType<Action['run']> => {
    const everywhere = dropped(store, space)
    if (everywhere !== undefined) return everywhere
    view.clear()
    return result(true)
  }
  return { kind: 'clear', done: { action: 'clear', cache: request.cache }, run }
}

/** What a tiered cache holds goes in the second tier and in all processes too. Undefined for another cache. */
function dropped(store: Store, space: Space, entry?: { key: unknown }): Promise<ActionResult> | undefined {
  const tiered = tieredAt(store)
  if (tiered === undefined) return undefined
  const acknowledged = dropEverywhere(tiered, store, space, entry)
  return acknowledged?.then((isTold) => ({ ...result(true), second: isTold ? 'told' : 'queued' }))
}

/** Begins an examination of its size, with the defaults. */
function examining({ cache: name }: ActionRequest, cache: Cache): Action {
  const run = (): ActionResult => refusing(() => void adviseOn(cache))
  return { kind: 'examine', done: { action: 'examine', cache: name }, run }
}

function resizing({ cache: name, bounds }: ActionRequest, cache: Cache): Action {
  if (!isRecord(bounds)) throw new Refusal(400, 'bounds: expected maxEntries or maxWeight.')
  const { maxEntries, maxWeight } = bounds as NonNullable<ActionRequest['bounds']>
  const { unit } = cache.stats()
  const given = {
    ...(maxEntries !== undefined && { maxEntries }),
    ...(maxWeight !== undefined && (unit === 'bytes' ? { maxBytes: maxWeight } : { maxWeight })),
  }
  if (Object.keys(given).length === 0) throw new Refusal(400, 'bounds: expected maxEntries or maxWeight.')
  const run = (): ActionResult => refusing(() => cache.resize(given))
  return { kind: 'resize', done: { action: 'resize', cache: name, bounds: { ...bounds } }, run }
}

/** Does something that may be refused in words. */
function refusing(call: () => void): ActionResult {
  try {
    call()
  } catch (error) {
    throw new Refusal(400, error instanceof Error ? error.message : String(error))
  }
  return result(true)
}

/** The value as text. What `reveal` throws is thrown. */
async function revealed(view: Cache, key: unknown, { reveal }: DashboardSettings): Promise<ActionResult> {
  const value = view.peek(key)
  if (value === undefined) return result(false)
  return { ...result(true), text: inspectValue(reveal === undefined ? value : await reveal(key, value)) }
}

function result(done: boolean): ActionResult {
  return { instance: instance.id, done }
}
