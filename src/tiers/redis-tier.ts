import { createHash, randomInt } from 'node:crypto'
import { connectionOf } from './redis-clients.ts'
import {
  type CommandArgument,
  type RedisConnection,
  type RedisTierOptions,
  resolveRedisOptions,
} from './redis-options.ts'
import { ANCHOR, FILL, PULL, READ, RELEASE, WRITE } from './scripts.ts'
import type {
  Fill,
  FillResult,
  LogEntry,
  Position,
  Push,
  StoredValue,
  Tier,
  TierAnchor,
  TierPull,
  TierRead,
  TierStore,
  TierWrite,
  Write,
} from './tier.ts'

/** As many entries of the log come by one pull. */
const MOST_ENTRIES = 1000

/**
 * Redis or Valkey as a second tier, over the client that you have: node-redis 5 or 6 (client, pool or cluster), ioredis 5 or 6, iovalkey,
 * or anything with a method `command`. Needs scripts and streams: Redis 6.2 or later, Valkey. Throws a TypeError for what is no client.
 */
export function redisTier(client: object, options: RedisTierOptions = {}): TierStore {
  const { subscriber, ...bounds } = resolveRedisOptions(options)
  const connection = connectionOf(client, subscriber)
  return { open: (name) => new RedisTier(name, connection, bounds) }
}

interface Bounds {
  readonly log: number
  readonly keyFences: number
  readonly tagFences: number
}

/** The form of a script for servers that refuse writes when they are full, unless told that this one may. */
const MAY_WRITE_WHEN_FULL = '#!lua flags=allow-oom\n'

class Script {
  readonly text: string
  readonly sha: string

  constructor(text: string) {
    this.text = text
    this.sha = createHash('sha1').update(text).digest('hex')
  }
}

const scripts = {
  read: new Script(READ),
  release: new Script(RELEASE),
  fill: new Script(FILL),
  pull: new Script(PULL),
  anchor: new Script(ANCHOR),
  write: new Script(MAY_WRITE_WHEN_FULL + WRITE),
  /** For servers before 7.0, which know no such line. */
  plainWrite: new Script(WRITE),
}

class RedisTier implements Tier {
  readonly push: Push | undefined
  readonly #connection: RedisConnection
  readonly #bounds: Bounds
  readonly #prefix: string
  /** State, log, fences of keys and of tags: the keys of every script. */
  readonly #own: readonly string[]
  readonly #channel: string
  /** Whose the leases are that it takes. */
  readonly #holder = nonce()
  #write = scripts.write

  constructor(name: string, connection: RedisConnection, bounds: Bounds) {
    this.#connection = connection
    this.#bounds = bounds
    this.#channel = `nc:{${name}}`
    this.#prefix = `${this.#channel}:v:`
    this.#own = ['s', 'l', 'k', 't'].map((part) => `${this.#channel}:${part}`)
    if (connection.subscribe !== undefined)
      this.push = {
        listen: async (onBytes) => {
          const end = await connection.subscribe!(this.#channel, onBytes)
          return () => quietly(end)
        },
      }
  }

  async read(keys: readonly string[], seen: Position | undefined, lease: number): Promise<TierRead> {
    const reply = await this.#run(scripts.read, this.#keys(keys), [seen ?? '', String(lease), this.#holder])
    const [isKnown, epoch, head, ...values] = list(reply)
    return {
      isKnown: isKnown === 1,
      epoch: optional(epoch),
      head: optional(head),
      values: isKnown === 1 ? keys.map((_, i) => entryOf(values[i])) : [],
    }
  }

  release(key: string, until: number): Promise<unknown> {
    return this.#run(scripts.release, [this.#prefix + key], [this.#holder, String(until)])
  }

  async fill(fill: Fill): Promise<FillResult> {
    const { epoch, token } = fill
    const argv = [...this.#common(), epoch, token, ...valueArguments(fill)]
    try {
      return string(await this.#run(scripts.fill, this.#keys([fill.key]), argv)) as FillResult
    } catch (error) {
      // An answer as well: reads and invalidations go on.
      if (/\bOOM\b/.test(messageOf(error))) return 'full'
      throw error
    }
  }

  async write({ seen, body, mode, keys, tags, value }: Write): Promise<TierWrite> {
    const { log, keyFences, tagFences } = this.#bounds
    const argv = [
      ...this.#common(),
      seen ?? '',
      body,
      mode === 'delete' ? '' : mode,
      String(log),
      String(keyFences),
      String(tagFences),
      String(tags.length),
      ...tags,
      ...(value === undefined ? [] : [value.token, ...valueArguments(value)]),
    ]
    const reply = list(await this.#runWrite(this.#keys(keys), argv))
    return {
      isKnown: reply[0] === 1,
      epoch: string(reply[1]),
      id: string(reply[2]),
      previous: string(reply[3]),
      kept: reply[4] === 1,
    }
  }

  async pull(seen: Position): Promise<TierPull> {
    const reply = await this.#run(scripts.pull, this.#own, [seen, String(MOST_ENTRIES)])
    const [isKnown, epoch, head, time, entries] = list(reply)
    return {
      isKnown: isKnown === 1,
      epoch: optional(epoch),
      head: optional(head),
      time: Number(time ?? 0),
      entries: isKnown === 1 ? list(entries).map(logEntry) : [],
    }
  }

  async anchor(positions: readonly Position[]): Promise<TierAnchor> {
    const argv = [...this.#common(), ...positions]
    const [epoch, isFresh, age, head, oldest, time, lost] = list(
      await this.#run(scripts.anchor, this.#own, argv),
    )
    return {
      epoch: string(epoch),
      isFresh: isFresh === 1,
      age: Number(age),
      head: string(head),
      oldest: string(oldest),
      time: Number(time),
      lost: list(lost).map(string),
    }
  }

  #keys(keys: readonly string[]): string[] {
    return [...this.#own, ...keys.map((key) => this.#prefix + key)]
  }

  /** What scripts that write are given first. */
  #common(): string[] {
    return [nonce(), this.#channel, 'PUBLISH']
  }

  async #runWrite(keys: readonly string[], argv: readonly CommandArgument[]): Promise<unknown> {
    try {
      return await this.#run(this.#write, keys, argv)
    } catch (error) {
      if (this.#write === scripts.plainWrite || !isUnknownForm(error)) throw error
      this.#write = scripts.plainWrite
      return this.#run(this.#write, keys, argv)
    }
  }

  async #run(
    { text, sha }: Script,
    keys: readonly string[],
    argv: readonly CommandArgument[],
  ): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...argv]
    try {
      return await this.#connection.command(['EVALSHA', sha, ...rest])
    } catch (error) {
      const message = messageOf(error)
      if (message.includes('NOSCRIPT')) return this.#connection.command(['EVAL', text, ...rest])
      // Somebody has put other data under our keys: without them a new state begins.
      if (message.includes('WRONGTYPE')) await this.#connection.command(['DEL', ...this.#own])
      throw error
    }
  }
}

function entryOf(reply: unknown): TierRead['values'][number] {
  if (reply === 1) return 'loading'
  return reply instanceof Uint8Array || typeof reply === 'number' ? reply : undefined
}

function valueArguments(value: StoredValue): CommandArgument[] {
  const { age, ttl, stale, flags, serializer, payload, tags } = value
  const numbers = [age, ttl, stale].map((time) => String(Math.max(0, Math.ceil(time))))
  return [...numbers, String(flags), String(serializer), payload, ...tags]
}

function logEntry(reply: unknown): LogEntry {
  const [id, fields] = list(reply)
  const [, previous, , body] = list(fields)
  return {
    id: string(id),
    previous: string(previous),
    body: body instanceof Uint8Array ? body : new Uint8Array(),
  }
}

/** A random number below 2⁴⁸, which tells histories apart. */
function nonce(): string {
  return String(randomInt(1, 2 ** 48 - 1))
}

function list(reply: unknown): unknown[] {
  if (Array.isArray(reply)) return reply
  throw new TypeError('the reply of the server is no array')
}

function string(reply: unknown): string {
  if (typeof reply === 'string') return reply
  if (reply instanceof Uint8Array)
    return Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength).toString('latin1')
  throw new TypeError('the reply of the server is no string')
}

function optional(reply: unknown): string | undefined {
  return reply === null || reply === undefined ? undefined : string(reply)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Whether a server of before 7.0 met the line that tells what a script may do. */
function isUnknownForm(error: unknown): boolean {
  return /compiling script|unexpected symbol near '#'/i.test(messageOf(error))
}

function quietly(end: () => unknown): void {
  try {
    Promise.resolve(end()).catch(() => {})
  } catch {
    // The connection has ended by itself.
  }
}
