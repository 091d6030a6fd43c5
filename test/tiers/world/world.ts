import { encodeKey } from '../../../src/tiers/keys.ts'
import { decodeMessage, encodePush } from '../../../src/tiers/message.ts'
import type { LogEntry, Position, Tier, TierWrite, Write } from '../../../src/tiers/tier.ts'
import type * as product from '../../../src/tiers/tiered-cache.ts'
import { Agenda } from './agenda.ts'
import { Model, type ModelWorld, type ServerMechanism } from './model.ts'
import { Random } from './random.ts'

/*
 * A world in which real tiered caches live: processes, a server that runs a model of the scripts one at a time, a source of truth with
 * versions, and a network that misbehaves. Virtual time, one seed per schedule.
 *
 * What is checked, for a key and a version that was in the source before an invalidation of the key was called:
 *
 *   BOUND   A read that starts later than the acknowledgement of that invalidation plus the bound of its profile gives that version or a
 *           newer one. Bounds: calm, the longest delivery of a push; lossy (pushes lost, doubled, out of order), a beat and the longest
 *           two replies; storm (everything), maxStale. An acknowledged invalidation that the server lost counts from when it has it again.
 *   OWN     A read that starts after the call in the same process gives it or a newer one, acknowledged or not.
 *   L2      No script gives out an entry older than it once the invalidation ran in the server's history. Checked after every script.
 *   END     After all faults have ended and time has passed, every process reads it or a newer one, if the process that called lived on.
 *
 * Where a load has failed, what is over may be given: then BOUND does not hold, and OWN for what was deleted, not for what was expired.
 * Besides:
 *
 *   TTL     No read gives a value longer than its ttl after it was stored, but where a load has failed meanwhile.
 *   BREAKER Nothing is read or filled in the pause of a breaker that has opened.
 *   FLIGHT  With single flight and nothing that goes wrong, no two processes load a key at once that is not invalidated.
 *   WAIT    With single flight and nothing that goes wrong, nobody waits while nobody loads, but for a lease to be given up.
 */

/**
 * What goes wrong: nothing; pushes; everything; above all failovers; above all processes that are frozen or cut off; little is
 * invalidated, so that what is old stays long, and the log is so short that a process soon loses its place in it.
 */
export type Profile = 'calm' | 'lossy' | 'storm' | 'split' | 'sleep' | 'quiet'
export type Violation = 'BOUND' | 'OWN' | 'L2' | 'END' | 'TTL' | 'BREAKER' | 'FLIGHT' | 'WAIT' | 'ERROR'
type Product = Pick<typeof product, 'simulatedCache'>
/** A version of the source, and a number of the load that brought it. */
interface Value {
  readonly version: number
  readonly load: number
}
type Tiered = product.TieredCache<string, Value>

const KEYS = ['k0', 'k1', 'k2'] as const
const TAGS = [['a'], ['a', 'b'], []] as const
/** Milliseconds. */
const BEAT = 150
const MAX_STALE = 900
const TIMEOUT = 180
const RING = { time: 1500, most: 12, slack: 400 }
/** Where failovers are frequent, so little is remembered that some lose more than that. */
const SMALL_RING = { time: 600, most: 3, slack: 400 }
const PAUSE = 200
const LEG = 50
const PUSH = 25
/** A fill that is refused, the lease given up after it, the longest pause before one asks again, and the answer, with some to spare. */
const HANDOVER = 600
const LIMITS = { log: 40, keys: 2, tags: 1 }
const SHORT = { log: 3, keys: 2, tags: 1 }
const BOUNDS: Record<Profile, number> = {
  calm: PUSH,
  lossy: BEAT + 4 * LEG,
  storm: MAX_STALE,
  split: MAX_STALE,
  sleep: MAX_STALE,
  quiet: MAX_STALE,
}
/** Entries of the log that come by one pull at most. */
const PULLS: Record<Profile, number> = { calm: 10, lossy: 10, storm: 10, split: 4, sleep: 2, quiet: 2 }
const DOWN = 'the source is down'

/** What befalls the world, by how often. */
type Trouble =
  | 'cut'
  | 'deaf'
  | 'freeze'
  | 'crash'
  | 'failover'
  | 'split'
  | 'restore'
  | 'empty'
  | 'state evicted'
  | 'fences evicted'
  | 'log evicted'
  | 'entry evicted'
  | 'clock jumps'
  | 'saved'
const TROUBLES: Record<Profile, readonly [Trouble, number][]> = {
  calm: [],
  lossy: [],
  storm: [
    ['cut', 22],
    ['deaf', 14],
    ['freeze', 10],
    ['crash', 6],
    ['failover', 7],
    ['split', 3],
    ['restore', 4],
    ['empty', 4],
    ['state evicted', 6],
    ['fences evicted', 8],
    ['log evicted', 4],
    ['entry evicted', 4],
    ['clock jumps', 4],
    ['saved', 4],
  ],
  split: [
    ['split', 40],
    ['failover', 25],
    ['empty', 5],
    ['state evicted', 5],
    ['freeze', 10],
    ['cut', 10],
    ['deaf', 10],
  ],
  sleep: [
    ['freeze', 45],
    ['cut', 25],
    ['deaf', 25],
    ['log evicted', 5],
  ],
  quiet: [
    ['cut', 40],
    ['deaf', 25],
    ['log evicted', 20],
    ['state evicted', 5],
    ['failover', 10],
  ],
}

interface Process {
  readonly name: number
  cache: Tiered
  isAlive: boolean
  frozenUntil: number
  cutUntil: number
  deafUntil: number
  oldUntil: number
  old: Model | undefined
  listener: ((bytes: Uint8Array) => void) | undefined
  /** By key, the newest version that a call in this process has made known, and the newest that one has removed what was there for. */
  readonly own: [number, number, number]
  readonly removed: [number, number, number]
  /** By key, when a load failed here last. */
  readonly failedAt: [number, number, number]
  /** Requests without an answer in a row, and when the last of them was given up. */
  unanswered: number
  unansweredAt: number
  /** Invalidations that were called here and not yet answered. */
  calls: number
}

/** A load that is or was under way. */
interface Loading {
  readonly process: Process
  readonly key: number
  readonly from: number
  readonly to: number
  /** It need not have a lease: own invalidations were under way, or what the server has was just about to be over when it was read. */
  readonly isFree: boolean
}

interface Owed {
  readonly version: number
  at: number
  isLost: boolean
  id: Position
}

export class World implements ModelWorld {
  readonly random: Random
  readonly agenda = new Agenda()
  readonly violations: Violation[] = []
  readonly source: [number, number, number] = [1, 1, 1]
  readonly #product: Product
  readonly #profile: Profile
  readonly #trace: boolean
  #bound: number
  /** Invalidations that were called: by whom, and what was in the source. */
  readonly #called: { process: Process; versions: (number | undefined)[] }[] = []
  /** By key: acknowledged invalidations. */
  readonly #owed: [Owed[], Owed[], Owed[]] = [[], [], []]
  /** By the body of a message: what was in the source when it was sent last, and when it was called. */
  readonly #versions = new Map<string, (number | undefined)[]>()
  readonly #firstVersions = new Map<string, (number | undefined)[]>()
  #isServing = true
  #isEnding = false
  #clockSkew = 0
  #nonces = 0
  #hasJumped = false
  readonly #ttl: number
  readonly #staleIfError: number
  readonly #flight: { readonly lease: number; readonly wait: number } | undefined
  readonly #failures: number
  /** How many loads and updates take long. */
  readonly #longLoads: number
  #loadCount = 0
  /** By load, until when its value may be given. */
  readonly #deadlines = new Map<number, number>()
  readonly #loads: Loading[] = []
  /** By key, when an invalidation of it ran last. */
  readonly #ranAt: [number, number, number] = [0, 0, 0]
  #server: Model
  #snapshots: Model[] = []
  #saved: Model | undefined
  readonly #processes: Process[] = []
  #parked: { process: Process; run: (server: Model) => unknown }[] = []
  readonly #lastPush = new Map<Process, number>()
  /** Writes by their position, for what their repair makes good. */
  readonly #count: number

  constructor(product: Product, seed: number, profile: Profile, off?: ServerMechanism, trace = false) {
    this.#product = product
    this.random = new Random(seed)
    this.#profile = profile
    this.#bound = BOUNDS[profile]
    this.#trace = trace
    this.#server = new Model(profile === 'quiet' ? SHORT : LIMITS, this, off)
    const { random } = this
    this.#count = 3 + random.below(2)
    this.#ttl = random.chance(0.4) ? random.between(200, 1500) : 3_600_000
    this.#staleIfError = random.chance(0.3) ? random.between(200, 1500) : 0
    this.#failures = random.chance(0.5) ? 5 : 1000
    this.#longLoads = profile === 'sleep' || profile === 'split' || profile === 'quiet' ? 0.2 : 0.05
    const [short, long] = [
      { lease: 400, wait: 300 },
      { lease: 4000, wait: 4000 },
    ]
    this.#flight = random.chance(0.3) ? (random.chance(0.3) ? short : long) : undefined
    for (let i = 0; i < this.#count; i++) this.#start(i)
  }

  get now(): number {
    return this.agenda.now
  }

  micros(): number {
    return Math.floor(1e6 + this.now * 1000 + this.#clockSkew + 1e9)
  }

  nonce(): number {
    return ++this.#nonces
  }

  #tell(text: string): void {
    if (this.#trace) console.log(`${this.now.toFixed(1).padStart(8)}  ${text}`)
  }

  #start(name: number): void {
    const process: Process = {
      name,
      cache: undefined as never,
      isAlive: true,
      frozenUntil: 0,
      cutUntil: 0,
      deafUntil: 0,
      oldUntil: 0,
      old: undefined,
      listener: undefined,
      own: [0, 0, 0],
      removed: [0, 0, 0],
      failedAt: [-Infinity, -Infinity, -Infinity],
      unanswered: 0,
      unansweredAt: 0,
      calls: 0,
    }
    this.#processes[name] = process
    const { random } = this
    process.cache = this.#product.simulatedCache<string, Value>(
      {
        name: 'world',
        remote: { open: () => this.#tierOf(process) },
        ttl: this.#ttl,
        staleIfError: this.#staleIfError,
        errorBackoff: 1,
        singleFlight: this.#flight,
        clock: () => this.now + 1,
        beat: BEAT,
        maxStale: MAX_STALE,
        readTimeout: TIMEOUT,
        writeTimeout: TIMEOUT,
        breaker: { failures: this.#failures, pause: PAUSE },
        policy: 'lru',
        onError: (error) => {
          const { code, message } = error as { code?: string; message?: string }
          if (code !== 'UNREACHABLE' && code !== 'REACHABLE' && message !== DOWN)
            this.#fail('ERROR', String((error as Error).stack ?? error))
        },
      },
      {
        ring: this.#profile === 'split' ? SMALL_RING : RING,
        host: {
          after: (time, run) => {
            let isCancelled = false
            this.agenda.after(time, () => this.#deliver(process, () => isCancelled || run()))
            return () => {
              isCancelled = true
            }
          },
          random: () => random.next(),
          source: () => this.nonce().toString(16).padStart(12, '0'),
        },
      },
    )
    this.#act(process)
  }

  /** Runs what has arrived at a process, unless it has died; a frozen one gets it when it thaws, in no certain order. */
  #deliver(process: Process, run: () => unknown): void {
    if (!process.isAlive) return
    if (process.frozenUntil > this.now)
      this.agenda.at(process.frozenUntil + this.random.next() * 0.5, () => this.#deliver(process, run))
    else run()
  }

  #isCut(process: Process): boolean {
    return !this.#isServing || process.cutUntil > this.now
  }

  #leg(): number {
    return this.random.tail(0.2, LEG)
  }

  // The tier of a process: requests to the model

  #tierOf(process: Process): Tier {
    const holder = process.name
    return {
      read: (keys, seen, lease) =>
        this.#heeding(process, (server) => {
          const reply = server.read(keys, seen, lease, holder)
          if (reply.values.some((value) => typeof value === 'number'))
            this.#tell(`process ${holder} has a lease on ${keys}`)
          return reply
        }),
      release: (key, until) =>
        this.#heeding(process, (server) => {
          this.#tell(`process ${holder} gives up its lease on ${key}`)
          return server.release(key, until, holder)
        }),
      fill: (fill) =>
        this.#heeding(process, (server) => {
          const result = server.fill(fill)
          this.#tell(`process ${holder} fills ${fill.key}: ${result}`)
          if (result === 'stored') this.#stored(fill.payload)
          return result
        }),
      pull: (seen) => this.#call(process, (server) => server.pull(seen, PULLS[this.#profile])),
      anchor: (ids) => this.#call(process, (server) => server.anchor(ids)),
      write: (write) => this.#write(process, write),
      push: {
        listen: async (onBytes) => {
          process.listener = onBytes
          return () => {}
        },
      },
    }
  }

  /** A request that a breaker holds back. */
  #heeding<T>(process: Process, run: (server: Model) => T): Promise<T> {
    const { unanswered, unansweredAt } = process
    if (unanswered > this.#failures + 4 && this.now - unansweredAt < PAUSE * 0.4)
      this.#fail('BREAKER', `process ${process.name} has asked after ${unanswered} failures`)
    return this.#call(process, run)
  }

  /** A value was stored, with its whole ttl before it. */
  #stored(payload: Uint8Array): void {
    const { load } = valueIn(payload)
    this.#deadlines.set(load, Math.max(this.#deadlines.get(load) ?? 0, this.now + this.#ttl))
    this.#tell(`load ${load} is stored`)
  }

  async #write(process: Process, write: Write): Promise<TierWrite> {
    const body = Buffer.from(write.body).toString('hex')
    const versions = this.#versionsIn(write)
    this.#versions.set(body, versions)
    // What is sent again was called when it was sent first.
    const called = this.#firstVersions.get(body) ?? this.#calledFor(process, write, versions)
    this.#firstVersions.set(body, called)
    const sentAt = this.now
    const reply = await this.#call(process, (server) => {
      const result = server.write(write)
      if (result.kept) this.#stored(write.value!.payload)
      return result
    })
    // What comes later than its time limit is no acknowledgement.
    if (this.now - sentAt < TIMEOUT) this.#acknowledged(called, reply.id)
    return reply
  }

  /**
   * What was in the source when the invalidation of a message was called: it may have waited for a store that was away. One that stands for
   * those of others counts from when it is sent.
   */
  #calledFor(
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
  #versionsIn(write: Write): (number | undefined)[] {
    const { value, keys } = write
    const brought = value && KEYS.findIndex((key) => encodeKey(key) === keys.at(-1))
    return KEYS.map((_, key) => {
      if (key === brought) return valueIn(value!.payload).version
      return covers(write, key) ? this.source[key] : undefined
    })
  }

  /** A request; without an answer it may have run, or may run later. */
  #call<T>(process: Process, run: (server: Model) => T): Promise<T> {
    return new Promise((resolve) => {
      let isAnswered = false
      this.agenda.after(TIMEOUT, () =>
        this.#deliver(process, () => {
          if (isAnswered) return
          process.unanswered++
          process.unansweredAt = this.now
        }),
      )
      const answer = (result: T): void => {
        isAnswered = true
        process.unanswered = 0
        resolve(result)
      }
      const execute = (): void => {
        if (this.#isCut(process)) {
          // A client may keep what it could not send and send it much later.
          if (this.random.chance(0.3)) this.#parked.push({ process, run })
          return
        }
        const result = this.#run(run, process)
        this.agenda.after(this.#leg(), () => {
          if (!this.#isCut(process)) this.#deliver(process, () => answer(result))
        })
      }
      this.agenda.after(this.#leg(), execute)
    })
  }

  /** The server that answers a process: an old primary goes on for some while others have a new one. */
  #serverOf(process: Process): Model {
    return process.oldUntil > this.now ? process.old! : this.#server
  }

  #run<T>(run: (server: Model) => T, process: Process): T {
    const server = this.#serverOf(process)
    const result = run(server)
    this.#checkServer(server)
    if (TROUBLES[this.#profile].length > 0 && server === this.#server) {
      this.#snapshots.push(this.#server.copy())
      if (this.#snapshots.length > 12) this.#snapshots.shift()
    }
    return result
  }

  /** The server has appended an entry to its log, and publishes it. */
  appended(entry: LogEntry, epoch: string, server: Model): void {
    this.#record(entry, server)
    const bytes = encodePush({ ...entry, epoch })
    for (const process of this.#processes) {
      if (!process?.isAlive || this.#serverOf(process) !== server) continue
      const { random } = this
      if (this.#profile !== 'calm') {
        if (this.#isCut(process) || process.deafUntil > this.now || random.chance(0.08)) continue
        if (random.chance(0.1)) this.#carry(bytes, process, random.between(0, 4 * PUSH))
        if (random.chance(0.2)) {
          this.#carry(bytes, process, random.between(0, 4 * PUSH))
          continue
        }
      }
      const arrival = Math.max(this.#lastPush.get(process) ?? 0, this.now + random.tail(0.1, PUSH * 0.9))
      this.#lastPush.set(process, arrival)
      this.#carry(bytes, process, arrival - this.now)
    }
  }

  #carry(bytes: Uint8Array, process: Process, delay: number): void {
    this.agenda.after(delay, () => {
      if (this.#profile === 'calm' || !this.#isCut(process))
        this.#deliver(process, () => process.listener?.(bytes))
    })
  }

  // What is owed to readers

  /** What an entry covers is told in this history, and what was lost of it is owed again. */
  #record({ id, body }: LogEntry, server: Model): void {
    const { told, ran } = server
    const message = body.length === 0 ? undefined : decodeMessage(body)!
    const versions = this.#versions.get(Buffer.from(body).toString('hex'))
    for (const [key, name] of KEYS.entries()) {
      if (message !== undefined && !covers(message, key)) continue
      this.#ranAt[key] = this.now
      // An ordinary entry does not act in its own process, so only what was sent again makes good for everybody.
      if (server === this.#server && (message === undefined || message.isRepair))
        for (const owed of this.#owed[key]!)
          if (owed.isLost) Object.assign(owed, { isLost: false, at: this.now, id })
      if (message !== undefined) told[name] = Math.max(told[name] ?? 0, versions?.[key] ?? 0)
    }
    ran.push(id)
  }

  #acknowledged(versions: readonly (number | undefined)[], id: Position): void {
    const isLost = !this.#server.ran.includes(id)
    for (const [key, version] of versions.entries())
      if (version !== undefined) this.#owed[key]!.push({ version, at: this.now, isLost, id })
  }

  #lose(server: Model): void {
    const ran = new Set(server.ran)
    for (const list of this.#owed) for (const owed of list) if (!ran.has(owed.id)) owed.isLost = true
    this.#server = server
  }

  #fail(kind: Violation, text: string): void {
    this.violations.push(kind)
    this.#tell(`VIOLATION ${kind}: ${text}`)
  }

  #checkServer(server: Model): void {
    for (const [key, name] of KEYS.entries()) {
      const entry = server.entries.get(encodeKey(name))
      if (entry === undefined || !server.isValid(entry) || server.isOver(entry)) continue
      const { version } = valueIn(entry.value.payload)
      if (version < (server.told[name] ?? 0))
        this.#fail('L2', `key ${key} holds ${version}, ${server.told[name]} was invalidated`)
    }
  }

  #checkRead(process: Process, key: number, start: number, given: Value): void {
    const { version } = given
    this.#tell(`process ${process.name} reads key ${key}: ${version} of load ${given.load}`)
    // Where a load has failed meanwhile, what is over may be given.
    const hasFailed = process.failedAt[key]! >= start - 3
    const until = (this.#deadlines.get(given.load) ?? Infinity) + (hasFailed ? this.#staleIfError : 0)
    if (!this.#hasJumped && this.now > until + 3)
      this.#fail('TTL', `process ${process.name} read key ${key} ${this.now - until} ms after it was over`)
    let due = 0
    // Who was answered by an old primary is owed nothing newer before that ended.
    for (const { version: owed, at, isLost } of this.#owed[key]!)
      if (!isLost && Math.max(at, process.oldUntil) + this.#bound < start) due = Math.max(due, owed)
    if (version < due && !(hasFailed && this.#staleIfError > 0))
      this.#fail('BOUND', `process ${process.name} read ${version} of key ${key}, ${due} was due`)
  }

  #checkOwn(process: Process, key: number, own: number, { version }: Value): void {
    if (version < own)
      this.#fail(
        'OWN',
        `process ${process.name} read ${version} of key ${key}, itself invalidated for ${own}`,
      )
  }

  #read(process: Process, key: number, isLoad: boolean): void {
    const start = this.now
    const own = process.own[key]!
    const removed = process.removed[key]!
    const check = (value: Value): void => {
      const hasFailed = this.#staleIfError > 0 && process.failedAt[key]! >= start - 3
      this.#checkRead(process, key, start, value)
      this.#checkOwn(process, key, hasFailed ? removed : own, value)
    }
    if (!isLoad) {
      const value = process.cache.get(KEYS[key]!)
      if (value !== undefined) check(value)
      return
    }
    process.cache
      .getOrLoad(KEYS[key]!, () => this.#load(process, key), { tags: TAGS[key]! })
      .then(check, (error) => error.message === DOWN || this.#fail('ERROR', String((error as Error).stack)))
      .then(() => this.#checkWait(process, key, start))
  }

  #lookup(process: Process, key: number): void {
    const start = this.now
    const own = process.own[key]!
    process.cache.lookup(KEYS[key]!).then(
      (value) => {
        if (value === undefined) return
        this.#checkRead(process, key, start, value)
        this.#checkOwn(process, key, own, value)
      },
      (error) => this.#fail('ERROR', String((error as Error).stack)),
    )
  }

  /** A host that asks first, and brings later what was missing. */
  async #ask(process: Process, key: number): Promise<void> {
    const start = this.now
    const own = process.own[key]!
    const open = await process.cache.beginLoad(KEYS[key]!)
    if (open.value !== undefined) {
      this.#checkRead(process, key, start, open.value)
      this.#checkOwn(process, key, own, open.value)
      return
    }
    await this.#load(process, key).then(
      (value) => open.finish(value, { tags: TAGS[key]! }),
      () => {},
    )
    open.end()
  }

  /** Who asks for a key waits for loads, and between two of them for no longer than it takes to hear that the first brought nothing. */
  #checkWait(process: Process, key: number, start: number): void {
    if (this.#profile !== 'calm' || this.now - start < HANDOVER) return
    let idle = 0
    let at = start
    for (const { from, to } of this.#loads.filter((load) => load.key === key && load.to > start)) {
      idle = Math.max(idle, from - at)
      at = Math.max(at, to)
    }
    idle = Math.max(idle, this.now - at)
    if (idle > HANDOVER) this.#fail('WAIT', `process ${process.name} has waited ${idle} ms for nobody`)
  }

  #checkFlight(process: Process, key: number): void {
    const lastRan = this.#ranAt[key]!
    if (this.#profile !== 'calm' || this.#flight === undefined || this.#flight.lease < 3000) return
    if (process.calls > 0 || this.now < 500 || lastRan > this.now - 4 * LEG) return
    const other = this.#loads.find(
      (load) =>
        load.key === key &&
        load.to > this.now &&
        load.process !== process &&
        lastRan < load.from - 4 * LEG &&
        load.from > 500 &&
        !load.isFree,
    )
    if (other !== undefined)
      this.#fail('FLIGHT', `process ${process.name} loads key ${key} as process ${other.process.name} does`)
  }

  /** Asks the source, which answers what it had at some moment meanwhile. */
  #load(process: Process, key: number): Promise<Value> {
    const { random, agenda } = this
    const length = random.chance(this.#longLoads) ? random.between(300, 2500) : random.tail(1, 150)
    const fails = this.#staleIfError > 0 ? random.chance(0.15) : random.chance(0.02)
    const load = ++this.#loadCount
    let version = 0
    this.#tell(`process ${process.name} begins load ${load} of key ${key}`)
    this.#checkFlight(process, key)
    const expires = this.#server.entries.get(encodeKey(KEYS[key]!))?.expires ?? 0
    const isFree = process.calls > 0 || Math.abs(expires - this.micros() / 1000) < 3 * LEG
    this.#loads.push({ process, key, from: this.now, to: this.now + length, isFree })
    agenda.after(random.next() * length, () => {
      version = this.source[key]!
    })
    return new Promise((resolve, reject) => {
      agenda.after(length, () =>
        this.#deliver(process, () => {
          this.#tell(`load ${load} of key ${key} in process ${process.name} ${fails ? 'fails' : 'ends'}`)
          if (fails) process.failedAt[key] = this.now
          else this.#deadlines.set(load, this.now + this.#ttl)
          if (fails) reject(new Error(DOWN))
          else resolve({ version, load })
        }),
      )
    })
  }

  /** What a process does by itself, for as long as it lives. */
  #act(process: Process): void {
    const { random, agenda } = this
    agenda.after(random.between(2, 45), () =>
      this.#deliver(process, () => {
        if (this.#isEnding) return
        const key = random.below(KEYS.length)
        const isRead = this.#profile === 'quiet' && random.chance(0.93)
        const dice = random.next() * (isRead ? 0.78 : 1)
        if (dice < 0.4) this.#read(process, key, true)
        else if (dice < 0.5 && this.#profile === 'quiet' && random.chance(0.7)) void this.#ask(process, key)
        else if (dice < 0.5) this.#lookup(process, key)
        else if (dice < 0.78) this.#read(process, key, false)
        else if (dice < 0.88) {
          this.source[key]!++
          this.#later(process, [key], () => process.cache.delete(KEYS[key]!))
        } else if (dice < 0.91) {
          this.source[key]!++
          this.#later(process, [key], () => process.cache.expire(KEYS[key]!), false)
        } else if (dice < 0.95) this.#update(process, key)
        else if (dice < 0.98) {
          const tag = random.chance(0.6) ? 'a' : 'b'
          const keys = [0, 1, 2].filter((one) => (TAGS[one] as readonly string[]).includes(tag))
          for (const one of keys) this.source[one]!++
          this.#later(process, keys, () => process.cache.deleteByTag(tag))
        } else {
          for (const one of [0, 1, 2]) this.source[one]!++
          this.#later(process, [0, 1, 2], () => process.cache.clear())
        }
        // At once, and after a little: what the process itself has just changed.
        if (dice >= 0.78 && random.chance(0.7))
          agenda.after(random.tail(0, 60), () => this.#deliver(process, () => this.#read(process, key, true)))
        this.#act(process)
      }),
    )
  }

  #later(
    process: Process,
    keys: readonly number[],
    invalidate: () => Promise<boolean>,
    removes = true,
  ): void {
    const call = (): void => {
      this.#tell(`process ${process.name} invalidates ${keys} for ${this.source}`)
      const versions = KEYS.map((_, key) => (keys.includes(key) ? this.source[key] : undefined))
      this.#called.push({ process, versions })
      for (const key of keys) {
        process.own[key] = Math.max(process.own[key]!, this.source[key]!)
        if (removes) process.removed[key] = process.own[key]!
      }
      process.calls++
      invalidate()
        .catch((error) => this.#fail('ERROR', String(error.stack)))
        .finally(() => process.calls--)
    }
    if (this.random.chance(0.5)) call()
    else this.agenda.after(this.random.tail(0, 40), () => this.#deliver(process, call))
  }

  #update(process: Process, key: number): void {
    const { random, agenda } = this
    const load = ++this.#loadCount
    const fails = random.chance(0.1)
    process.calls++
    const write = (): Promise<Value> =>
      new Promise((resolve, reject) => {
        const length = random.chance(this.#longLoads) ? random.between(300, 2500) : random.tail(0, 80)
        agenda.after(random.tail(1, 120), () => {
          if (!process.isAlive) return
          const version = ++this.source[key]!
          agenda.after(length, () =>
            this.#deliver(process, () => {
              this.#called.push({
                process,
                versions: KEYS.map((_, one) => (one === key ? version : undefined)),
              })
              process.own[key] = Math.max(process.own[key]!, version)
              process.removed[key] = process.own[key]!
              this.#deadlines.set(load, this.now + this.#ttl)
              // What has failed has changed the source all the same.
              if (fails) reject(new Error(DOWN))
              else resolve({ version, load })
            }),
          )
        })
      })
    process.cache
      .update(KEYS[key]!, write, { tags: TAGS[key]! })
      .catch((error) => error.message === DOWN || this.#fail('ERROR', String(error.stack)))
      .finally(() => process.calls--)
  }

  // Faults

  #trouble(): void {
    const troubles = TROUBLES[this.#profile]
    if (troubles.length === 0) return
    const { random, agenda } = this
    agenda.after(random.between(20, 420), () => {
      if (this.#isEnding) return
      const process = this.#processes[random.below(this.#count)]!
      let dice = random.next() * troubles.reduce((sum, [, weight]) => sum + weight, 0)
      const [name] = troubles.find(([, weight]) => {
        dice -= weight
        return dice < 0
      })!
      this.#befall[name](process)
      this.#trouble()
    })
  }

  readonly #befall: Record<Trouble, (process: Process) => void> = {
    cut: (process) => {
      const isLong = this.random.chance(this.#profile === 'sleep' ? 0.8 : 0.4)
      this.#cut(process, isLong ? this.random.between(600, 3000) : this.random.between(10, 400))
    },
    deaf: (process) => {
      process.deafUntil = this.now + this.random.between(100, 2500)
    },
    freeze: (process) => {
      process.frozenUntil = this.now + this.random.between(20, 2000)
      this.#tell(`process ${process.name} freezes until ${process.frozenUntil.toFixed(0)}`)
    },
    crash: (process) => this.#crash(process),
    failover: () => this.#stop(() => this.#failover()),
    split: () => this.#split(),
    restore: () => this.#stop(() => this.#restore()),
    empty: () => this.#stop(() => this.#lose(this.#empty())),
    'state evicted': () => {
      this.#server.state = undefined
      this.#tell('the state is evicted')
    },
    'fences evicted': () => {
      if (this.random.chance(0.5)) this.#server.keys = new Map()
      else this.#server.tags = new Map()
      this.#tell('fences are evicted')
    },
    'log evicted': () => {
      this.#server.log = []
      this.#tell('the log is evicted')
    },
    'entry evicted': () => {
      this.#server.entries.delete(encodeKey(KEYS[this.random.below(3)]!))
    },
    'clock jumps': () => this.#jump(100_000),
    saved: () => {
      this.#saved = this.#server.copy()
    },
  }

  /** The server's clock jumps, by microseconds. */
  #jump(most: number): void {
    this.#hasJumped = true
    this.#clockSkew += this.random.between(-most, most)
  }

  #cut(process: Process, time: number): void {
    process.cutUntil = this.now + time
    this.#tell(`process ${process.name} is cut off until ${process.cutUntil.toFixed(0)}`)
    this.agenda.after(time + 1, () => this.#unpark())
  }

  #crash(process: Process): void {
    this.#tell(`process ${process.name} dies`)
    process.isAlive = false
    this.agenda.after(this.random.between(20, 500), () => this.#start(process.name))
  }

  #stop(change: () => void): void {
    this.#isServing = false
    this.agenda.after(this.random.between(10, 700), () => {
      change()
      this.#isServing = true
      this.#unpark()
    })
  }

  /** A replica takes over that lacks what came last. */
  #failover(): void {
    const lag = this.random.below(Math.min(6, this.#snapshots.length) + 1)
    const from = this.#snapshots[this.#snapshots.length - 1 - lag]
    if (from === undefined) return
    this.#snapshots.length -= lag
    this.#tell(`failover, ${lag} scripts are lost`)
    this.#jump(300_000)
    this.#lose(from.copy())
  }

  /** A replica takes over, but some processes are answered by the old primary for a while; what that one does is lost. */
  #split(): void {
    const old = this.#server
    const until = this.now + this.random.between(50, 1500)
    // Now and then one that has nothing at all.
    if (this.random.chance(0.3)) this.#lose(this.#empty())
    else this.#failover()
    if (this.#server === old) return
    for (const process of this.#processes) {
      if (process.oldUntil > this.now || this.random.chance(0.5)) continue
      process.old = old
      process.oldUntil = until
      this.#tell(`process ${process.name} stays with the old primary until ${until.toFixed(0)}`)
    }
  }

  /** The server comes back with what it had saved some time ago. */
  #restore(): void {
    if (this.#saved === undefined) return
    this.#tell('restored from what was saved')
    this.#lose(this.#saved.copy())
  }

  #empty(): Model {
    this.#tell('restarted empty')
    return new Model(this.#server.limits, this, this.#server.off)
  }

  #unpark(): void {
    const parked = this.#parked
    this.#parked = []
    for (const item of parked) {
      this.agenda.after(this.random.between(0, 30), () => {
        if (this.#isCut(item.process)) this.#parked.push(item)
        else this.#run(item.run, item.process)
      })
    }
  }

  // A schedule

  async play(length = 4000): Promise<readonly Violation[]> {
    this.#trouble()
    await this.agenda.runUntil(length)
    this.#isEnding = true
    for (const process of this.#processes)
      Object.assign(process, {
        cutUntil: 0,
        deafUntil: 0,
        oldUntil: 0,
        frozenUntil: Math.min(process.frozenUntil, this.now),
      })
    await this.agenda.runUntil(length + 6 * MAX_STALE)
    const due = [0, 0, 0]
    for (const { process, versions } of this.#called)
      if (process.isAlive)
        for (const [key, version] of versions.entries()) due[key] = Math.max(due[key]!, version ?? 0)
    for (const process of this.#processes) {
      if (!process.isAlive) continue
      for (const key of [0, 1, 2]) {
        void process.cache
          .getOrLoad(KEYS[key]!, () => this.#load(process, key), { tags: TAGS[key]! })
          .then(
            ({ version }) => {
              const hasFailed = this.#staleIfError > 0 && process.failedAt[key]! >= this.now - 3
              if (version < due[key]! && !hasFailed)
                this.#fail(
                  'END',
                  `process ${process.name} reads ${version} of key ${key} for ever, not ${due[key]}`,
                )
            },
            (error) => error.message === DOWN || this.#fail('ERROR', String((error as Error).stack)),
          )
      }
    }
    await this.agenda.runUntil(length + 12 * MAX_STALE)
    for (const process of this.#processes) process.isAlive = false
    return this.violations
  }
}

/** What a schedule finds. */
export function play(
  product: Product,
  seed: number,
  profile: Profile,
  off?: ServerMechanism,
  trace = false,
): Promise<readonly Violation[]> {
  return new World(product, seed, profile, off, trace).play()
}

/** Whether a write or a message concerns a key of this world. */
function covers(
  cover: {
    readonly keys: readonly string[]
    readonly tags: readonly string[]
    mode?: string
    isClear?: boolean
  },
  key: number,
): boolean {
  return (
    cover.mode === 'clear' ||
    cover.isClear === true ||
    cover.keys.includes(encodeKey(KEYS[key]!)) ||
    cover.tags.some((tag) => (TAGS[key] as readonly string[]).includes(tag.slice(1)))
  )
}

const valuesIn = new WeakMap<Uint8Array, Value>()
/** The value in a payload: after the checksum, `J` and JSON. */
function valueIn(payload: Uint8Array): Value {
  let value = valuesIn.get(payload)
  if (value === undefined) {
    value = JSON.parse(Buffer.from(payload.subarray(5)).toString()) as Value
    valuesIn.set(payload, value)
  }
  return value
}
