import { encodeKey } from '../../../src/tiers/keys.ts'
import { decodeMessage } from '../../../src/tiers/message.ts'
import type { LogEntry, Position, Write } from '../../../src/tiers/tier.ts'
import type { Model } from './model.ts'
import {
  BOUNDS,
  HANDOVER,
  KEYS,
  LEG,
  type Loading,
  type Process,
  type Profile,
  type Value,
  type Violation,
} from './profiles.ts'
import { covers, valueIn } from './values.ts'
import type { World } from './world.ts'

interface Owed {
  readonly version: number
  at: number
  isLost: boolean
  id: Position
}

/** What is checked: what readers are owed, and what else must not be. */
export class Checks {
  readonly #world: World
  readonly #bound: number
  /** By key: acknowledged invalidations. */
  readonly owed: [Owed[], Owed[], Owed[]] = [[], [], []]
  /** By the body of a message: what was in the source when it was sent last, and when it was called. */
  readonly versions = new Map<string, (number | undefined)[]>()
  readonly firstVersions = new Map<string, (number | undefined)[]>()
  hasJumped = false
  /** By load, until when its value may be given. */
  readonly deadlines = new Map<number, number>()
  readonly loads: Loading[] = []
  /** By key, when an invalidation of it ran last. */
  readonly #ranAt: [number, number, number] = [0, 0, 0]

  constructor(world: World, profile: Profile) {
    this.#world = world
    this.#bound = BOUNDS[profile]
  }

  /** A value was stored, with its whole ttl before it. */
  stored(payload: Uint8Array): void {
    const { load } = valueIn(payload)
    this.deadlines.set(load, Math.max(this.deadlines.get(load) ?? 0, this.#world.now + this.#world.ttl))
    this.#world.tell(`load ${load} is stored`)
  }

  /**
   * What was in the source when the invalidation of a message was called: it may have waited for a store that was away. One that stands for
   * those of others counts from when it is sent.
   */
  calledFor(
    process: Process,
    { body }: Write,
    versions: readonly (number | undefined)[],
  ): (number | undefined)[] {
    const isRepair = decodeMessage(body)!.isRepair
    return versions.map((version, key) =>
      version === undefined || isRepair ? version : Math.min(version, process.own[key]!),
    )
  }

  /** What a message tells of: the value that it brings, or all that is in the source. */
  versionsIn(write: Write): (number | undefined)[] {
    const { value, keys } = write
    const brought = value && KEYS.findIndex((key) => encodeKey(key) === keys.at(-1))
    return KEYS.map((_, key) => {
      if (key === brought) return valueIn(value!.payload).version
      return covers(write, key) ? this.#world.source[key] : undefined
    })
  }

  /** What an entry covers is told in this history, and what was lost of it is owed again. */
  record({ id, body }: LogEntry, server: Model): void {
    const { told, ran } = server
    const message = body.length === 0 ? undefined : decodeMessage(body)!
    const versions = this.versions.get(Buffer.from(body).toString('hex'))
    for (const [key, name] of KEYS.entries()) {
      if (message !== undefined && !covers(message, key)) continue
      this.#ranAt[key] = this.#world.now
      // An ordinary entry does not act in its own process, so only what was sent again makes good for everybody.
      if (server === this.#world.server && (message === undefined || message.isRepair))
        for (const owed of this.owed[key]!)
          if (owed.isLost) Object.assign(owed, { isLost: false, at: this.#world.now, id })
      if (message !== undefined) told[name] = Math.max(told[name] ?? 0, versions?.[key] ?? 0)
    }
    ran.push(id)
  }

  acknowledged(versions: readonly (number | undefined)[], id: Position): void {
    const isLost = !this.#world.server.ran.includes(id)
    for (const [key, version] of versions.entries())
      if (version !== undefined) this.owed[key]!.push({ version, at: this.#world.now, isLost, id })
  }

  fail(kind: Violation, text: string): void {
    this.#world.violations.push(kind)
    this.#world.tell(`VIOLATION ${kind}: ${text}`)
  }

  checkServer(server: Model): void {
    for (const [key, name] of KEYS.entries()) {
      const entry = server.entries.get(encodeKey(name))
      if (entry === undefined || !server.isValid(entry) || server.isOver(entry)) continue
      const { version } = valueIn(entry.value.payload)
      if (version < (server.told[name] ?? 0))
        this.fail('L2', `key ${key} holds ${version}, ${server.told[name]} was invalidated`)
    }
  }

  checkRead(process: Process, key: number, start: number, given: Value): void {
    const { version } = given
    this.#world.tell(`process ${process.name} reads key ${key}: ${version} of load ${given.load}`)
    // Where a load has failed meanwhile, what is over may be given.
    const hasFailed = process.failedAt[key]! >= start - 3
    const until = (this.deadlines.get(given.load) ?? Infinity) + (hasFailed ? this.#world.staleIfError : 0)
    if (!this.hasJumped && this.#world.now > until + 3)
      this.fail(
        'TTL',
        `process ${process.name} read key ${key} ${this.#world.now - until} ms after it was over`,
      )
    let due = 0
    // Who was answered by an old primary is owed nothing newer before that ended.
    for (const { version: owed, at, isLost } of this.owed[key]!)
      if (!isLost && Math.max(at, process.oldUntil) + this.#bound < start) due = Math.max(due, owed)
    if (version < due && !(hasFailed && this.#world.staleIfError > 0))
      this.fail('BOUND', `process ${process.name} read ${version} of key ${key}, ${due} was due`)
  }

  checkOwn(process: Process, key: number, own: number, { version }: Value): void {
    if (version < own)
      this.fail('OWN', `process ${process.name} read ${version} of key ${key}, itself invalidated for ${own}`)
  }

  /** Who asks for a key waits for loads, and between two of them for no longer than it takes to hear that the first brought nothing. */
  checkWait(process: Process, key: number, start: number): void {
    if (this.#world.profile !== 'calm' || this.#world.now - start < HANDOVER) return
    let idle = 0
    let at = start
    for (const { from, to } of this.loads.filter((load) => load.key === key && load.to > start)) {
      idle = Math.max(idle, from - at)
      at = Math.max(at, to)
    }
    idle = Math.max(idle, this.#world.now - at)
    if (idle > HANDOVER) this.fail('WAIT', `process ${process.name} has waited ${idle} ms for nobody`)
  }

  checkFlight(process: Process, key: number): void {
    const lastRan = this.#ranAt[key]!
    if (this.#world.profile !== 'calm' || this.#world.flight === undefined || this.#world.flight.lease < 3000)
      return
    if (process.calls > 0 || this.#world.now < 500 || lastRan > this.#world.now - 4 * LEG) return
    const other = this.loads.find(
      (load) =>
        load.key === key &&
        load.to > this.#world.now &&
        load.process !== process &&
        lastRan < load.from - 4 * LEG &&
        load.from > 500 &&
        !load.isFree,
    )
    if (other !== undefined)
      this.fail('FLIGHT', `process ${process.name} loads key ${key} as process ${other.process.name} does`)
  }
}
