import type { Cache } from '../../cache.ts'
import { storeOf } from '../../cache.ts'
import type { Fault } from '../../engine/faults.ts'
import type { Store } from '../../engine/store.ts'
import { callable, isRecord, unknownOption } from '../../options/options.ts'
import { refusal } from '../../options/units.ts'

/** What somebody wants of the dashboard: to look at it, to have the size of a cache examined, to see a value, or an action. */
export type DashboardAction = 'view' | 'examine' | 'reveal' | 'delete' | 'clear' | 'resize'

/** Who asks, as far as the framework tells. */
export interface Visitor {
  /** The address at the other end of the connection; undefined where the framework does not tell. */
  readonly address?: string | undefined
  /** The path that the dashboard is mounted at, such as `/caches`. Default: the option `base`. */
  readonly base?: string | undefined
  /** What the framework calls its request (Express, Fastify), its context (Koa, Hono) or its message (Node): where sessions and users are found. */
  readonly context?: unknown
  /** The body, where the framework has read it already. */
  readonly body?: unknown
}

/** An action that was done, for an audit log. */
export interface DoneAction {
  readonly request: Request
  readonly visitor: Visitor
  readonly action: Exclude<DashboardAction, 'view'>
  readonly cache: string
  readonly key?: unknown
  readonly bounds?: { readonly maxEntries?: number; readonly maxWeight?: number }
}

export interface DashboardOptions {
  /**
   * Whether somebody may do something. Asked for every request; required. False is answered with 403; a Response, such as a redirect to a
   * login, is sent as it is. `localOnly` admits whoever sits at the machine.
   */
  readonly authorise: (
    request: Request,
    action: DashboardAction,
    visitor: Visitor,
  ) => boolean | Response | PromiseLike<boolean | Response>
  /** Which caches are shown. Default: all of the process, those made later included. */
  readonly caches?: readonly Cache[] | undefined
  /** Whether entries can be deleted, caches cleared and resized: all of it, or what is listed. Default false. */
  readonly actions?: boolean | readonly ('delete' | 'clear' | 'resize')[] | undefined
  /** Whether values can be seen, one by one. Default false. */
  readonly values?: boolean | undefined
  /** What is shown of a value instead of it, or a promise of that, to leave out what is nobody's business. Default: the value. */
  readonly reveal?: ((key: unknown, value: unknown) => unknown) | undefined
  /** Whether keys are shown as they are or as hashes, by which nothing can be found or deleted. Default `'plain'`. */
  readonly keys?: 'plain' | 'hashed' | undefined
  /** The path that the dashboard is mounted at, where the framework does not tell. Default `'/'`. */
  readonly base?: string | undefined
  /** Told of each action that was done. */
  readonly onAction?: ((done: DoneAction) => void) | undefined
  /** Given what `authorise`, `reveal` and `onAction` throw. Default: `console.error`, now and then. */
  readonly onError?: ((error: unknown, fault: Fault) => void) | undefined
}

/** The options, checked, with their defaults. */
export interface DashboardSettings extends Omit<DashboardOptions, 'actions'> {
  readonly actions: readonly string[]
  readonly values: boolean
  readonly keys: 'plain' | 'hashed'
  readonly base: string
  /** Undefined for all of the process. */
  readonly stores: readonly WeakRef<Store>[] | undefined
}

const NAMES = ['authorise', 'caches', 'actions', 'values', 'reveal', 'keys', 'base', 'onAction', 'onError']
const ACTIONS = ['delete', 'clear', 'resize']

const EXAMPLE = `authorise: expected a function that says who may see the caches, such as
  dashboard({ authorise: (request) => isAdmin(request.headers.get('cookie')) })
or, to admit only whoever sits at this machine,
  import { localOnly } from 'nearcache/dashboard'
  dashboard({ authorise: localOnly })`

/** Throws a TypeError. */
export function resolveDashboardOptions(options: unknown): DashboardSettings {
  const given = (isRecord(options) ? options : {}) as unknown as DashboardOptions
  if (given.authorise === undefined) throw new TypeError(EXAMPLE)
  for (const name of Object.keys(given))
    if (!NAMES.includes(name)) throw unknownOption(`dashboard.${name}`, name, NAMES)
  const { actions = false, values = false, keys = 'plain', base = '/', caches } = given
  if (typeof given.authorise !== 'function') throw refusal('authorise', 'a function', given.authorise)
  if (typeof values !== 'boolean') throw refusal('values', 'true or false', values)
  if (keys !== 'plain' && keys !== 'hashed') throw refusal('keys', "'plain' or 'hashed'", keys)
  if (typeof base !== 'string' || !base.startsWith('/'))
    throw refusal('base', "a path such as '/caches'", base)
  for (const name of ['reveal', 'onAction', 'onError'] as const)
    if (given[name] !== undefined) callable(given[name], name)
  if (caches !== undefined && !Array.isArray(caches)) throw refusal('caches', 'an array of caches', caches)
  return {
    ...given,
    ...{ actions: allowed(actions), values, keys, base },
    stores: caches?.map((cache) => {
      if (!(cache instanceof Object) || !('stats' in cache) || storeOf(cache) === undefined)
        throw refusal('caches', 'an array of caches', cache)
      return new WeakRef(storeOf(cache))
    }),
  }
}

function allowed(actions: unknown): readonly string[] {
  if (actions === true) return ACTIONS
  if (actions === false) return []
  if (Array.isArray(actions) && actions.every((one) => ACTIONS.includes(one))) return actions
  throw refusal('actions', "true, false, or a list of 'delete', 'clear' and 'resize'", actions)
}
