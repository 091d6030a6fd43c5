import type { LogEntry } from '../../../src/tiers/tier.ts'
import { Acts } from './acts.ts'
import { Agenda } from './agenda.ts'
import { Checks } from './checks.ts'
import { Faults } from './faults.ts'
import { Model, type ModelWorld, type ServerMechanism } from './model.ts'
import { Network } from './network.ts'
import {
  BEAT,
  DOWN,
  KEYS,
  LIMITS,
  MAX_STALE,
  PAUSE,
  type Process,
  type Product,
  type Profile,
  RING,
  SHORT,
  SMALL_RING,
  TAGS,
  TIMEOUT,
  type Value,
  type Violation,
} from './profiles.ts'
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

export class World implements ModelWorld {
  readonly random: Random
  readonly agenda = new Agenda()
  readonly violations: Violation[] = []
  readonly source: [number, number, number] = [1, 1, 1]
  readonly #product: Product
  readonly profile: Profile
  readonly #trace: boolean
  /** Invalidations that were called: by whom, and what was in the source. */
  readonly called: { process: Process; versions: (number | undefined)[] }[] = []
  isEnding = false
  clockSkew = 0
  #nonces = 0
  readonly ttl: number
  readonly staleIfError: number
  readonly flight: { readonly lease: number; readonly wait: number } | undefined
  readonly failures: number
  /** How many loads and updates take long. */
  readonly longLoads: number
  server: Model
  snapshots: Model[] = []
  readonly processes: Process[] = []
  /** How many processes there are. */
  readonly count: number
  readonly checks: Checks
  readonly network = new Network(this)
  readonly acts = new Acts(this)
  readonly faults = new Faults(this)

  constructor(product: Product, seed: number, profile: Profile, off?: ServerMechanism, trace = false) {
    this.#product = product
    this.random = new Random(seed)
    this.profile = profile
    this.checks = new Checks(this, profile)
    this.#trace = trace
    this.server = new Model(profile === 'quiet' ? SHORT : LIMITS, this, off)
    const { random } = this
    this.count = 3 + random.below(2)
    this.ttl = random.chance(0.4) ? random.between(200, 1500) : 3_600_000
    this.staleIfError = random.chance(0.3) ? random.between(200, 1500) : 0
    this.failures = random.chance(0.5) ? 5 : 1000
    this.longLoads = profile === 'sleep' || profile === 'split' || profile === 'quiet' ? 0.2 : 0.05
    const [short, long] = [
      { lease: 400, wait: 300 },
      { lease: 4000, wait: 4000 },
    ]
    this.flight = random.chance(0.3) ? (random.chance(0.3) ? short : long) : undefined
    for (let i = 0; i < this.count; i++) this.start(i)
  }

  get now(): number {
    return this.agenda.now
  }

  micros(): number {
    return Math.floor(1e6 + this.now * 1000 + this.clockSkew + 1e9)
  }

  nonce(): number {
    return ++this.#nonces
  }

  tell(text: string): void {
    if (this.#trace) console.log(`${this.now.toFixed(1).padStart(8)}  ${text}`)
  }

  start(name: number): void {
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
    this.processes[name] = process
    const { random } = this
    process.cache = this.#product.simulatedCache<string, Value>(
      {
        name: 'world',
        remote: { open: () => this.network.tierOf(process) },
        ttl: this.ttl,
        staleIfError: this.staleIfError,
        errorBackoff: 1,
        singleFlight: this.flight,
        clock: () => this.now + 1,
        beat: BEAT,
        maxStale: MAX_STALE,
        readTimeout: TIMEOUT,
        writeTimeout: TIMEOUT,
        breaker: { failures: this.failures, pause: PAUSE },
        policy: 'lru',
        onError: (error) => {
          const { code, message } = error as { code?: string; message?: string }
          if (code !== 'UNREACHABLE' && code !== 'REACHABLE' && message !== DOWN)
            this.checks.fail('ERROR', String((error as Error).stack ?? error))
        },
      },
      {
        ring: this.profile === 'split' ? SMALL_RING : RING,
        host: {
          after: (time, run) => {
            let isCancelled = false
            this.agenda.after(time, () => this.deliver(process, () => isCancelled || run()))
            return () => {
              isCancelled = true
            }
          },
          random: () => random.next(),
          source: () => this.nonce().toString(16).padStart(12, '0'),
        },
      },
    )
    this.acts.act(process)
  }

  /** Runs what has arrived at a process, unless it has died; a frozen one gets it when it thaws, in no certain order. */
  deliver(process: Process, run: () => unknown): void {
    if (!process.isAlive) return
    if (process.frozenUntil > this.now)
      this.agenda.at(process.frozenUntil + this.random.next() * 0.5, () => this.deliver(process, run))
    else run()
  }

  /** The server has appended an entry to its log, and publishes it. */
  appended(entry: LogEntry, epoch: string, server: Model): void {
    this.checks.record(entry, server)
    this.network.publish(entry, epoch, server)
  }

  lose(server: Model): void {
    const ran = new Set(server.ran)
    for (const list of this.checks.owed) for (const owed of list) if (!ran.has(owed.id)) owed.isLost = true
    this.server = server
  }

  async play(length = 4000): Promise<readonly Violation[]> {
    this.faults.trouble()
    await this.agenda.runUntil(length)
    this.isEnding = true
    for (const process of this.processes)
      Object.assign(process, {
        cutUntil: 0,
        deafUntil: 0,
        oldUntil: 0,
        frozenUntil: Math.min(process.frozenUntil, this.now),
      })
    await this.agenda.runUntil(length + 6 * MAX_STALE)
    const due = [0, 0, 0]
    for (const { process, versions } of this.called)
      if (process.isAlive)
        for (const [key, version] of versions.entries()) due[key] = Math.max(due[key]!, version ?? 0)
    for (const process of this.processes) {
      if (!process.isAlive) continue
      for (const key of [0, 1, 2]) {
        void process.cache
          .getOrLoad(KEYS[key]!, () => this.acts.load(process, key), { tags: TAGS[key]! })
          .then(
            ({ version }) => {
              const hasFailed = this.staleIfError > 0 && process.failedAt[key]! >= this.now - 3
              if (version < due[key]! && !hasFailed)
                this.checks.fail(
                  'END',
                  `process ${process.name} reads ${version} of key ${key} for ever, not ${due[key]}`,
                )
            },
            (error) => error.message === DOWN || this.checks.fail('ERROR', String((error as Error).stack)),
          )
      }
    }
    await this.agenda.runUntil(length + 12 * MAX_STALE)
    for (const process of this.processes) process.isAlive = false
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
