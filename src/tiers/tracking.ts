import { refusal } from '../options/units.ts'

/** A connection that is told of keys that others write. It can send commands, and what it writes itself it is not told of. */
export interface Tracking {
  /** Bulk strings come back as bytes. */
  command(args: readonly (string | Buffer)[]): Promise<unknown>
  /** Resolves when all that the server has told before has come. */
  settled(): Promise<unknown>
  end(): void
}

export interface TrackingEvents {
  /** Keys were written or have expired; null: all of them are gone. */
  invalidated(keys: readonly Buffer[] | null): void
  /** Nothing is heard any more. */
  lost(): void
}

/** Opens connections that track keys with a prefix. */
export type OpenTracking = (prefix: string, events: TrackingEvents) => Promise<Tracking>

/** node-redis 5 or 6: a client. */
interface NodeRedis {
  readonly options?: { readonly socket?: object }
  duplicate(overrides: object): NodeRedisTracking
}

interface NodeRedisTracking {
  readonly isOpen: boolean
  connect(): Promise<unknown>
  sendCommand(args: readonly (string | Buffer)[], options?: object): Promise<unknown>
  on(event: 'invalidate', listener: (key: Buffer | null) => void): unknown
  on(event: 'error' | 'end', listener: () => void): unknown
  destroy(): void
}

/** ioredis or iovalkey: a client. */
interface IoRedis {
  duplicate(overrides: object): IoRedisTracking
}

interface IoRedisTracking {
  connect(): Promise<unknown>
  call(command: string, ...args: readonly string[]): Promise<unknown>
  callBuffer(command: string, ...args: readonly (string | Buffer)[]): Promise<unknown>
  subscribe(channel: string): Promise<unknown>
  ping(): Promise<unknown>
  on(event: 'messageBuffer', listener: (channel: Buffer, keys: readonly Buffer[] | null) => void): unknown
  on(event: 'error' | 'end', listener: () => void): unknown
  disconnect(): void
}

const BLOB_STRING = 36
const asBytes = { typeMapping: { [BLOB_STRING]: Buffer } }

/** How the user's client opens such connections. Throws a TypeError for what is no client of one server. */
export function trackingOf(client: unknown): OpenTracking {
  const { duplicate, callBuffer, sendCommand, masters, isCluster } = (client ?? {}) as Record<string, unknown>
  if (typeof duplicate === 'function' && masters === undefined && isCluster !== true) {
    if (typeof callBuffer === 'function') return overIoRedis(client as IoRedis)
    if (typeof sendCommand === 'function') return overNodeRedis(client as NodeRedis)
  }
  throw refusal(
    'client',
    'a client of node-redis, ioredis or iovalkey for one server, no cluster and no pool',
    client,
  )
}

/** By RESP3, which brings what is tracked on the same connection. */
function overNodeRedis(client: NodeRedis): OpenTracking {
  return async (prefix, { invalidated, lost }) => {
    const connection = client.duplicate({
      RESP: 3,
      emitInvalidate: true,
      clientSideCache: undefined,
      socket: { ...client.options?.socket, reconnectStrategy: false },
    })
    const end = (): void => {
      if (connection.isOpen) connection.destroy()
    }
    const command: Tracking['command'] = (args) => connection.sendCommand(args, asBytes)
    connection.on('error', lost)
    connection.on('end', lost)
    connection.on('invalidate', (key) => invalidated(key === null ? null : [key]))
    await connection.connect()
    try {
      // The client has switched on the other mode, which tells of what was read alone.
      await command(['CLIENT', 'TRACKING', 'OFF'])
      await command(['CLIENT', 'TRACKING', 'ON', 'BCAST', 'NOLOOP', 'PREFIX', prefix])
    } catch (error) {
      end()
      throw error
    }
    return { command, settled: () => command(['PING']), end }
  }
}

/** By RESP2, where another connection is told, in the form of a message on a channel. RESP3 of ioredis drops what is tracked. */
function overIoRedis(client: IoRedis): OpenTracking {
  return async (prefix, { invalidated, lost }) => {
    const open = (): IoRedisTracking => {
      const connection = client.duplicate({
        protocol: 2,
        replyMapping: undefined,
        lazyConnect: true,
        retryStrategy: null,
        reconnectOnError: null,
        autoResubscribe: false,
      })
      connection.on('error', () => {})
      connection.on('end', lost)
      return connection
    }
    const [listener, connection] = [open(), open()]
    const end = (): void => {
      listener.disconnect()
      connection.disconnect()
    }
    try {
      await Promise.all([listener.connect(), connection.connect()])
      const id = String(await listener.call('CLIENT', 'ID'))
      listener.on('messageBuffer', (_, keys) => invalidated(Array.isArray(keys) ? keys : null))
      await listener.subscribe('__redis__:invalidate')
      await connection.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, 'BCAST', 'NOLOOP', 'PREFIX', prefix)
    } catch (error) {
      end()
      throw error
    }
    return {
      command: ([name, ...rest]) => connection.callBuffer(String(name), ...rest),
      settled: () => Promise.all([connection.ping(), listener.ping()]),
      end,
    }
  }
}
