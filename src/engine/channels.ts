/*
 * What is rare is published on channels of `node:diagnostics_channel`, where the runtime has it: nothing of reads, writes and evictions.
 * While nobody listens a channel costs one look at `hasSubscribers`.
 */

interface Channel {
  readonly hasSubscribers: boolean
  publish(message: object): void
  /** Publishes, and runs `call` with what was bound to the channel. */
  runStores<R>(message: object, call: () => R): R
}

/** The phases of one operation; absent ones say that the runtime has not got them all. */
interface Phases {
  readonly start: Channel
  readonly end: Channel
  readonly asyncStart: Channel
  readonly asyncEnd: Channel
  readonly error: Channel
}

interface Diagnostics {
  channel(name: string): Channel
}

const diagnostics = globalThis.process?.getBuiltinModule?.('node:diagnostics_channel') as
  | Diagnostics
  | undefined

const load = (phase: keyof Phases): Channel | undefined =>
  diagnostics?.channel(`tracing:nearcache:load:${phase}`)
const phases = {
  start: load('start'),
  end: load('end'),
  asyncStart: load('asyncStart'),
  asyncEnd: load('asyncEnd'),
  error: load('error'),
}

/** A load, as the subscribers of `tracing:nearcache:load:*` see it: one object through all phases. */
export interface LoadMessage {
  /** The name by which the cache is listed. */
  readonly cache: string
  /** Undefined for a batch. */
  readonly key: unknown
  readonly kind: 'miss' | 'refresh'
  /** Number of keys that are asked for. */
  readonly size: number
  /** Number of calls that have joined it. */
  joins: number
  /** How it ended; undefined before. */
  outcome: string | undefined
  /** What it failed with. */
  error?: unknown
  /** May be set at `start`: calls the loader, in a context of the subscriber's own. */
  run?: <R>(call: () => R) => R
}

/** The message of a load that is about to begin; undefined where nobody listens. */
export function traceLoad(
  cache: string,
  key: unknown,
  kind: LoadMessage['kind'],
  size: number,
): LoadMessage | undefined {
  if (!isTraced()) return undefined
  return { cache, key, kind, size, joins: 0, outcome: undefined }
}

function isTraced(): boolean {
  const { start, end, asyncStart, asyncEnd, error } = phases
  if (start === undefined) return false
  return [start, end, asyncStart, asyncEnd, error].some((phase) => phase!.hasSubscribers)
}

/** Calls a loader between the phases `start` and `end`. */
export function tracedCall<R>(message: LoadMessage, call: () => R): R {
  const { start, end } = phases
  return start!.runStores(message, () => {
    try {
      return message.run === undefined ? call() : message.run(call)
    } finally {
      end!.publish(message)
    }
  })
}

/** A load has ended. */
export function traceEnd(message: LoadMessage, outcome: string, error: unknown): void {
  message.outcome = outcome
  if (error !== undefined) {
    message.error = error
    phases.error!.publish(message)
  }
  phases.asyncStart!.publish(message)
  phases.asyncEnd!.publish(message)
}

/** The other channels, by name: `nearcache:open` and so on. */
const others = new Map<string, Channel | undefined>(
  ['open', 'close', 'invalidate', 'fault', 'guard'].map((name) => [
    name,
    diagnostics?.channel(`nearcache:${name}`),
  ]),
)

/** Publishes a message that is made only where somebody listens. */
export function publish(
  name: 'open' | 'close' | 'invalidate' | 'fault' | 'guard',
  message: () => object,
): void {
  const channel = others.get(name)
  if (channel?.hasSubscribers) channel.publish(message())
}
