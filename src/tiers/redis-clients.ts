import { refusal } from '../options/units.ts'
import type { CommandArgument, RedisConnection } from './redis-options.ts'

type OnMessage = (message: Uint8Array) => void

/** node-redis: a client or a pool. */
interface NodeRedis {
  sendCommand(args: readonly CommandArgument[], options: object): Promise<unknown>
  duplicate?(): NodeRedisSubscriber
}

/** node-redis: a cluster. */
interface NodeRedisCluster {
  sendCommand(
    firstKey: CommandArgument,
    isReadonly: boolean,
    args: readonly CommandArgument[],
    options: object,
  ): Promise<unknown>
  readonly masters: unknown
  duplicate(): NodeRedisSubscriber
}

interface NodeRedisSubscriber {
  readonly isOpen: boolean
  connect(): Promise<unknown>
  subscribe(channel: string, listener: OnMessage, isBuffer: true): Promise<unknown>
  unsubscribe(channel: string, listener: OnMessage, isBuffer: true): Promise<unknown>
  on(event: 'error', listener: () => void): unknown
  destroy?(): unknown
  disconnect(): unknown
}

/** ioredis and iovalkey: a client or a cluster. */
interface IoRedis {
  callBuffer(command: string, ...args: readonly (string | Buffer)[]): Promise<unknown>
  duplicate(): IoRedisSubscriber
}

interface IoRedisSubscriber {
  readonly status: string
  connect(): Promise<unknown>
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  on(event: 'messageBuffer', listener: (channel: Buffer, message: Buffer) => void): unknown
  on(event: 'error', listener: () => void): unknown
  off(event: 'messageBuffer', listener: (channel: Buffer, message: Buffer) => void): unknown
  disconnect(): void
}

/** The type number of bulk strings in RESP, by which node-redis is told to give bytes. */
const BLOB_STRING = 36
const asBytes = { typeMapping: { [BLOB_STRING]: Buffer } }

/**
 * What the tier needs, from the client that a user has: node-redis (client, pool or cluster), ioredis or iovalkey (client or cluster),
 * or a `RedisConnection`. Throws a TypeError for anything else, and for a client that is subscribed and can send no commands.
 */
export function connectionOf(client: unknown, subscriber: object | false | undefined): RedisConnection {
  if (typeof client !== 'object' || client === null) throw notAClient(client)
  if (subscriber === client)
    throw new TypeError(
      'subscriber: expected another client than the first, which it would keep from sending',
    )
  if (isIoRedis(client)) return overIoRedis(client, subscriber as IoRedisSubscriber | false | undefined)
  if ('sendCommand' in client && typeof client.sendCommand === 'function')
    return overNodeRedis(client as NodeRedis, subscriber as NodeRedisSubscriber | false | undefined)
  if (!('command' in client) || typeof client.command !== 'function') throw notAClient(client)
  const { subscribe } = client as RedisConnection
  if (subscribe !== undefined && typeof subscribe !== 'function')
    throw refusal('client.subscribe', 'a function', subscribe)
  return subscriber === false
    ? { command: (args) => (client as RedisConnection).command(args) }
    : (client as RedisConnection)
}

function notAClient(client: unknown): TypeError {
  return refusal(
    'client',
    'a client of node-redis, ioredis or iovalkey, or an object with a method `command`',
    client,
  )
}

function isIoRedis(client: object): client is IoRedis {
  return 'callBuffer' in client && typeof client.callBuffer === 'function'
}

function overNodeRedis(
  client: NodeRedis | NodeRedisCluster,
  subscriber: NodeRedisSubscriber | false | undefined,
): RedisConnection {
  if ('isPubSubActive' in client && client.isPubSubActive === true && !speaksResp3(client)) throw subscribed()
  const isCluster = 'masters' in client
  const command = (given: readonly CommandArgument[]): Promise<unknown> => {
    const args = given.map(bufferOf)
    return isCluster
      ? (client as NodeRedisCluster).sendCommand(firstKey(args), false, args, asBytes)
      : (client as NodeRedis).sendCommand(args, asBytes)
  }
  const duplicate = client.duplicate
  if (subscriber === false || (subscriber === undefined && duplicate === undefined)) return { command }
  return {
    command,
    async subscribe(channel, onMessage) {
      const own = subscriber === undefined
      const connection = subscriber ?? duplicate!.call(client)
      // The client reconnects and subscribes again; what was missed meanwhile is found by a pull.
      if (own) connection.on('error', () => {})
      if (!connection.isOpen) await connection.connect()
      await connection.subscribe(channel, onMessage, true)
      return () => {
        if (!own) return connection.unsubscribe(channel, onMessage, true)
        return connection.destroy === undefined ? connection.disconnect() : connection.destroy()
      }
    },
  }
}

function overIoRedis(client: IoRedis, subscriber: IoRedisSubscriber | false | undefined): RedisConnection {
  if (isSubscribed(client)) throw subscribed()
  const command = (args: readonly CommandArgument[]): Promise<unknown> => {
    const [name, ...rest] = args.map(bufferOf)
    return client.callBuffer(name as string, ...rest)
  }
  if (subscriber === false) return { command }
  return {
    command,
    async subscribe(channel, onMessage) {
      const own = subscriber === undefined
      const connection = subscriber ?? client.duplicate()
      if (own) connection.on('error', () => {})
      const listener = (of: Buffer, message: Buffer): void => {
        if (of.toString() === channel) onMessage(message)
      }
      connection.on('messageBuffer', listener)
      await connection.subscribe(channel)
      return () => {
        connection.off('messageBuffer', listener)
        return own ? connection.disconnect() : connection.unsubscribe(channel)
      }
    },
  }
}

/** The first key of a script's command, by which a cluster finds the node. */
function firstKey(args: readonly CommandArgument[]): CommandArgument {
  return args[0] === 'EVALSHA' || args[0] === 'EVAL' ? args[3]! : args[1]!
}

/** Clients take strings and Buffers alone. */
function bufferOf(one: CommandArgument): string | Buffer {
  if (typeof one === 'string' || Buffer.isBuffer(one)) return one
  return Buffer.from(one.buffer, one.byteOffset, one.byteLength)
}

function speaksResp3(client: object): boolean {
  return (client as { options?: { RESP?: number } }).options?.RESP === 3
}

function isSubscribed(client: object): boolean {
  const { condition, mode } = client as { condition?: { subscriber?: unknown } | null; mode?: string }
  return Boolean(condition?.subscriber) || mode === 'subscriber'
}

function subscribed(): TypeError {
  return new TypeError(
    'client: expected one that can send commands, got one that is subscribed; pass another one, and this one as `subscriber`',
  )
}
