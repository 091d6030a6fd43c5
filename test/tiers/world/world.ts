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
 */

export type Profile = 'calm' | 'lossy' | 'storm'
export type Violation = 'BOUND' | 'OWN' | 'L2' | 'END' | 'ERROR'
type Product = Pick<typeof product, 'simulatedCache'>
type Tiered = product.TieredCache<string, number>

const KEYS = ['k0', 'k1', 'k2'] as const
const TAGS = [['a'], ['a', 'b'], []] as const
/** Milliseconds. */
const BEAT = 150
const MAX_STALE = 900
const TIMEOUT = 180
const RING = { time: 1500, most: 12, slack: 400 }
const LEG = 50
const PUSH = 25
const LIMITS = { log: 40, keys: 2, tags: 1 }
const BOUNDS: Record<Profile, number> = { calm: PUSH, lossy: BEAT + 4 * LEG, storm: MAX_STALE }

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
  /** By key, the newest version that a call in this process has made known. */
  readonly own: [number, number, number]
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
  /** By the body of a message: what was in the source when it was sent. */
  readonly #versions = new Map<string, (number | undefined)[]>()
  #isServing = true
  #isEnding = false
  #clockSkew = 0
  #nonces = 0
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
    this.#server = new Model(LIMITS, this, off)
    this.#count = 3 + this.random.below(2)
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
    }
    this.#processes[name] = process
    const { random } = this
    process.cache = this.#product.simulatedCache<string, number>(
      {
        name: 'world',
        remote: { open: () => this.#tierOf(process) },
        ttl: '1h',
        clock: () => this.now + 1,
        beat: BEAT,
        maxStale: MAX_STALE,
        readTimeout: TIMEOUT,
        writeTimeout: TIMEOUT,
        breaker: { failures: random.chance(0.5) ? 5 : 1000, pause: 200 },
        policy: 'lru',
        onError: (error) => {
          if ((error as { code?: string }).code !== 'UNREACHABLE')
            this.#fail('ERROR', String((error as Error).stack ?? error))
        },
      },
      {
        ring: RING,
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
    return {
      read: (keys, seen) => this.#call(process, (server) => server.read(keys, seen)),
      fill: (fill) => this.#call(process, (server) => server.fill(fill)),
      pull: (seen) => this.#call(process, (server) => server.pull(seen, 10)),
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

  async #write(process: Process, write: Write): Promise<TierWrite> {
    const versions = KEYS.map((_, key) => (covers(write, key) ? this.source[key] : undefined))
    // With a value it tells of that value; without, of all that was in the source.
    if (write.value !== undefined)
      versions[KEYS.findIndex((key) => encodeKey(key) === write.keys.at(-1))] = numberIn(write.value.payload)
    this.#versions.set(Buffer.from(write.body).toString('hex'), versions)
    const sentAt = this.now
    const reply = await this.#call(process, (server) => server.write(write))
    // What comes later than its time limit is no acknowledgement.
    if (this.now - sentAt < TIMEOUT) this.#acknowledged(versions, reply.id)
    return reply
  }

  /** A request; without an answer it may have run, or may run later. */
  #call<T>(process: Process, run: (server: Model) => T): Promise<T> {
    return new Promise((resolve) => {
      const execute = (): void => {
        if (this.#isCut(process)) {
          // A client may keep what it could not send and send it much later.
          if (this.random.chance(0.3)) this.#parked.push({ process, run })
          return
        }
        const result = this.#run(run, process)
        this.agenda.after(this.#leg(), () => {
          if (!this.#isCut(process)) this.#deliver(process, () => resolve(result))
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
    if (this.#profile === 'storm' && server === this.#server) {
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
      if (entry === undefined || !server.isValid(entry)) continue
      const value = numberIn(entry.value.payload)
      if (value < (server.told[name] ?? 0))
        this.#fail('L2', `key ${key} holds ${value}, ${server.told[name]} was invalidated`)
    }
  }

  #checkRead(process: Process, key: number, start: number, own: number, value: number): void {
    let due = 0
    // Who was answered by an old primary is owed nothing newer before that ended.
    for (const { version, at, isLost } of this.#owed[key]!)
      if (!isLost && Math.max(at, process.oldUntil) + this.#bound < start) due = Math.max(due, version)
    if (value < due)
      this.#fail('BOUND', `process ${process.name} read ${value} of key ${key}, ${due} was due`)
    if (value < own)
      this.#fail('OWN', `process ${process.name} read ${value} of key ${key}, itself invalidated for ${own}`)
  }

  #read(process: Process, key: number, isLoad: boolean): void {
    const start = this.now
    const own = process.own[key]!
    const check = (value: number): void => this.#checkRead(process, key, start, own, value)
    if (isLoad) {
      process.cache
        .getOrLoad(KEYS[key]!, () => this.#load(process, key), { tags: TAGS[key]! })
        .then(check, (error) => this.#fail('ERROR', String((error as Error).stack)))
    } else {
      const value = process.cache.get(KEYS[key]!)
      if (value !== undefined) check(value)
    }
  }

  /** Asks the source, which answers what it had at some moment meanwhile. */
  #load(process: Process, key: number): Promise<number> {
    const { random, agenda } = this
    const length = random.chance(0.05) ? random.between(300, 2500) : random.tail(1, 150)
    let value = 0
    agenda.after(random.next() * length, () => {
      value = this.source[key]!
    })
    return new Promise((resolve) => {
      agenda.after(length, () => this.#deliver(process, () => resolve(value)))
    })
  }

  /** What a process does by itself, for as long as it lives. */
  #act(process: Process): void {
    const { random, agenda } = this
    agenda.after(random.between(2, 45), () =>
      this.#deliver(process, () => {
        if (this.#isEnding) return
        const key = random.below(KEYS.length)
        const dice = random.next()
        if (dice < 0.5) this.#read(process, key, true)
        else if (dice < 0.78) this.#read(process, key, false)
        else if (dice < 0.88) {
          this.source[key]!++
          this.#later(process, [key], () => process.cache.delete(KEYS[key]!))
        } else if (dice < 0.94) this.#update(process, key)
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

  #later(process: Process, keys: readonly number[], invalidate: () => Promise<boolean>): void {
    const call = (): void => {
      this.#tell(`process ${process.name} invalidates ${keys} for ${this.source}`)
      const versions = KEYS.map((_, key) => (keys.includes(key) ? this.source[key] : undefined))
      this.#called.push({ process, versions })
      for (const key of keys) process.own[key] = Math.max(process.own[key]!, this.source[key]!)
      invalidate().catch((error) => this.#fail('ERROR', String(error.stack)))
    }
    if (this.random.chance(0.5)) call()
    else this.agenda.after(this.random.tail(0, 40), () => this.#deliver(process, call))
  }

  #update(process: Process, key: number): void {
    const { random, agenda } = this
    const write = (): Promise<number> =>
      new Promise((resolve) => {
        agenda.after(random.tail(1, 120), () => {
          if (!process.isAlive) return
          const value = ++this.source[key]!
          agenda.after(random.tail(0, 80), () =>
            this.#deliver(process, () => {
              this.#called.push({
                process,
                versions: KEYS.map((_, one) => (one === key ? value : undefined)),
              })
              process.own[key] = Math.max(process.own[key]!, value)
              resolve(value)
            }),
          )
        })
      })
    process.cache
      .update(KEYS[key]!, write, { tags: TAGS[key]! })
      .catch((error) => this.#fail('ERROR', String(error.stack)))
  }

  // Faults

  #trouble(): void {
    if (this.#profile !== 'storm') return
    const { random, agenda } = this
    agenda.after(random.between(20, 420), () => {
      if (this.#isEnding) return
      const process = this.#processes[random.below(this.#count)]!
      const dice = random.next()
      if (dice < 0.22)
        this.#cut(process, random.chance(0.4) ? random.between(600, 3000) : random.between(10, 400))
      else if (dice < 0.36) process.deafUntil = this.now + random.between(100, 2500)
      else if (dice < 0.46) {
        process.frozenUntil = this.now + random.between(20, 2000)
        this.#tell(`process ${process.name} freezes until ${process.frozenUntil.toFixed(0)}`)
      } else if (dice < 0.52) this.#crash(process)
      else if (dice < 0.59) this.#stop(() => this.#failover())
      else if (dice < 0.62) this.#split()
      else if (dice < 0.66) this.#stop(() => this.#restore())
      else if (dice < 0.7) this.#stop(() => this.#lose(this.#empty()))
      else if (dice < 0.76) {
        this.#server.state = undefined
        this.#tell('the state is evicted')
      } else if (dice < 0.84) {
        if (random.chance(0.5)) this.#server.keys = new Map()
        else this.#server.tags = new Map()
        this.#tell('fences are evicted')
      } else if (dice < 0.88) {
        this.#server.log = []
        this.#tell('the log is evicted')
      } else if (dice < 0.92) this.#server.entries.delete(encodeKey(KEYS[random.below(3)]!))
      else if (dice < 0.96) this.#clockSkew += random.between(-100_000, 100_000)
      else this.#saved = this.#server.copy()
      this.#trouble()
    })
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
    this.#clockSkew += this.random.between(-300_000, 300_000)
    this.#lose(from.copy())
  }

  /** A replica takes over, but some processes are answered by the old primary for a while; what that one does is lost. */
  #split(): void {
    const old = this.#server
    const until = this.now + this.random.between(50, 1500)
    this.#failover()
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
    return new Model(LIMITS, this, this.#server.off)
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
          .then((value) => {
            if (value < due[key]!)
              this.#fail(
                'END',
                `process ${process.name} reads ${value} of key ${key} for ever, not ${due[key]}`,
              )
          })
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

/** The value in a payload: after the checksum, `J` and JSON. */
function numberIn(payload: Uint8Array): number {
  return JSON.parse(Buffer.from(payload.subarray(5)).toString())
}
