import { randomBytes } from 'node:crypto'
import { isRecord, nonEmptyString, unknownOption } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import type { Serializer } from '../serialize.ts'
import { LOCAL_EPOCH, LocalLog } from './local-log.ts'
import { type Cover, encodeMessage, parts } from './message.ts'
import { packEntry, sealed, unsealed } from './record.ts'
import { numberOf, type Tier, type TierStore } from './tier.ts'
import { type OpenTracking, type Tracking, trackingOf } from './tracking.ts'

/** Which keys of Redis a cache stands in front of. */
export interface TrackedTierOptions {
  /** What comes before a key of the cache: with `'user:'` the key 42 is `user:42` in Redis. */
  readonly prefix: string
}

/**
 * Keys of Redis that others write, as strings, as a second tier. Redis tells each process what was written, by client tracking. Takes a
 * client of node-redis, ioredis or iovalkey, which it duplicates. Values are JSON, unless the cache has a `serializer`. What is loaded is
 * kept in the process alone; `set`, `update` and `delete` write the key. Throws a TypeError for what is no such client.
 */
export function trackedTier(client: object, options: TrackedTierOptions): TierStore {
  const open = trackingOf(client)
  if (!isRecord(options)) throw refusal('options', "an object such as { prefix: 'user:' }", options)
  for (const name of Object.keys(options)) if (name !== 'prefix') throw unknownOption(name, name, ['prefix'])
  const prefix = nonEmptyString(options.prefix, 'prefix')
  return { open: (_name, serializer = 0) => new TrackedTier(open, prefix, serializer) }
}

/** A longer key of a cache is a hash outside the process, which no key of Redis is. */
const LONGEST_KEY = 200
/** After as many readings that were not answered another connection is made. */
const MOST_UNANSWERED = 5
const nothing: Cover = { keys: [], tags: [], isClear: false, expires: false }

class TrackedTier implements Tier {
  readonly serializer: Serializer = json
  readonly push: Tier['push']
  readonly #open: OpenTracking
  readonly #prefix: string
  readonly #serializer: number
  readonly #log = new LocalLog()
  readonly #source = randomBytes(6).toString('hex')
  #tracking: Promise<Tracking> | undefined
  #lost: () => void = () => {}
  #unanswered = 0
  #isClosed = false

  constructor(open: OpenTracking, prefix: string, serializer: number) {
    this.#open = open
    this.#prefix = prefix
    this.#serializer = serializer
    this.push = this.#log.push(() => {
      this.#isClosed = true
      void this.#tracking?.then(
        (tracking) => tracking.end(),
        () => {},
      )
    })
  }

  async read(keys: readonly string[]): ReturnType<Tier['read']> {
    const { command } = await this.#connected()
    const head = this.#log.head
    const names = keys.map((key) => this.#nameOf(key))
    const asked = names.filter((name) => name !== undefined)
    if (asked.length === 0) return { ...this.#state(head), values: keys.map(() => undefined) }
    const [values, time, ...left] = await Promise.all([
      command(['MGET', ...asked]),
      command(['TIME']),
      ...asked.map((name) => command(['PTTL', name])),
    ])
    let at = -1
    return {
      ...this.#state(head),
      values: keys.map((key, i) => {
        if (names[i] === undefined) return undefined
        const data = (values as unknown[])[++at]
        return data instanceof Uint8Array
          ? this.#entry(key, data, millisecondsOf(time), Number(left[at]))
          : undefined
      }),
    }
  }

  /** What others would have to be told of is not stored: they may have written the key meanwhile. */
  fill: Tier['fill'] = async () => 'unknown'

  async write({ body, keys, value }: Parameters<Tier['write']>[0]): ReturnType<Tier['write']> {
    const { command } = await this.#connected()
    // What is compressed others could not read.
    const stored = value?.flags === 0 ? this.#nameOf(keys.at(-1)!) : undefined
    const gone = keys.map((key) => this.#nameOf(key)).filter((name) => name !== undefined && name !== stored)
    if (gone.length > 0) await command(['UNLINK', ...(gone as string[])])
    if (stored !== undefined) {
      const data = Buffer.from(unsealed(value!.payload))
      const ttl = value!.ttl > 0 ? ['PX', String(Math.max(1, Math.ceil(value!.ttl)))] : []
      await command(['SET', stored, data, ...ttl])
    }
    const { id, previous } = this.#log.append(body)
    return { isKnown: true, epoch: LOCAL_EPOCH, id, previous, kept: value !== undefined }
  }

  async pull(seen: string): ReturnType<Tier['pull']> {
    const time = await this.#proven()
    const entries = this.#log.after(seen)
    return { ...this.#state(this.#log.head), isKnown: entries !== undefined, time, entries: entries ?? [] }
  }

  async anchor(): ReturnType<Tier['anchor']> {
    const time = await this.#proven()
    const { head } = this.#log
    return { epoch: LOCAL_EPOCH, isFresh: true, age: 0, head, oldest: head, time, lost: [] }
  }

  #state(head: string): { readonly isKnown: true; readonly epoch: string; readonly head: string } {
    return { isKnown: true, epoch: LOCAL_EPOCH, head }
  }

  /** All that the server has told has come; the time there. */
  async #proven(): Promise<number> {
    if (++this.#unanswered > MOST_UNANSWERED) this.#lost()
    const { command, settled } = await this.#connected()
    const [time] = await Promise.all([command(['TIME']), settled()])
    this.#unanswered = 0
    return millisecondsOf(time)
  }

  #connected(): Promise<Tracking> {
    if (this.#isClosed) return Promise.reject(new Error('the cache was closed'))
    if (this.#tracking !== undefined) return this.#tracking
    let isOver = false
    const lost = (): void => {
      if (isOver) return
      isOver = true
      if (this.#tracking === tracking) this.#tracking = undefined
      void tracking.then(
        ({ end }) => end(),
        () => {},
      )
      this.#log.lose()
    }
    this.#lost = lost
    this.#unanswered = 0
    const tracking = this.#open(this.#prefix, {
      invalidated: (keys) => {
        if (!isOver) this.#invalidated(keys)
      },
      lost,
    }).then((opened) => {
      if (!isOver) return opened
      opened.end()
      throw new Error('the connection was lost')
    })
    this.#tracking = tracking
    tracking.catch(lost)
    return tracking
  }

  #invalidated(keys: readonly Buffer[] | null): void {
    const cover =
      keys === null
        ? { ...nothing, isClear: true }
        : { ...nothing, keys: keys.flatMap((key) => this.#keysOf(key)) }
    if (cover.keys.length === 0 && keys !== null) return
    const rest = { source: this.#source, number: 0, isValue: false, isRepair: false }
    for (const part of parts(cover)) this.#log.append(encodeMessage({ ...part, ...rest }))
  }

  /** The keys of the cache that a key in Redis may be. */
  #keysOf(bytes: Buffer): string[] {
    const name = bytes.length > LONGEST_KEY + this.#prefix.length * 3 ? '' : bytes.toString()
    if (!name.startsWith(this.#prefix)) return []
    const text = name.slice(this.#prefix.length)
    const keys = [`s${text}`]
    if (String(Number(text)) === text) keys.push(`n${text}`)
    if (/^-?\d+$/.test(text)) keys.push(`i${text}`)
    return keys
  }

  /** Its key in Redis: that of a string or number, outside of namespaces. */
  #nameOf(key: string): string | undefined {
    return 'sni'.includes(key[0]!) ? this.#prefix + key.slice(1) : undefined
  }

  /** `left`: milliseconds until it expires, −1 for never. */
  #entry(key: string, data: Uint8Array, time: number, left: number): Uint8Array {
    const head = { flags: 0, serializer: this.#serializer, tags: [], epoch: Number(LOCAL_EPOCH) }
    const times = { at: numberOf(this.#log.head), born: time, expires: left < 0 ? 0 : time + left }
    return packEntry({ ...head, ...times }, sealed(key, 0, this.#serializer, [], data))
  }
}

/** What others write and read too. */
const json: Serializer = {
  id: 0,
  encode(value) {
    const text = JSON.stringify(value)
    if (text === undefined) throw new TypeError('value: expected what JSON can say')
    return new TextEncoder().encode(text)
  },
  decode: (bytes) => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)),
}

/** Of a reply of TIME: seconds and microseconds. */
function millisecondsOf(time: unknown): number {
  const [seconds, micros] = (time as unknown[]).map((part) => Number(String(part)))
  return seconds! * 1000 + Math.floor(micros! / 1000)
}
