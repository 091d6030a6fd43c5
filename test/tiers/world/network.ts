import { encodePush } from '../../../src/tiers/message.ts'
import type { LogEntry, Tier, TierWrite, Write } from '../../../src/tiers/tier.ts'
import type { Model } from './model.ts'
import { LEG, PAUSE, type Process, PULLS, PUSH, TIMEOUT, TROUBLES } from './profiles.ts'
import type { World } from './world.ts'

/** The network between processes and servers: requests to the model, pushes, and what is lost or late of either. */
export class Network {
  readonly #world: World
  #parked: { process: Process; run: (server: Model) => unknown }[] = []
  readonly #lastPush = new Map<Process, number>()

  constructor(world: World) {
    this.#world = world
  }

  #isCut(process: Process): boolean {
    return !this.#world.faults.isServing || process.cutUntil > this.#world.now
  }

  #leg(): number {
    return this.#world.random.tail(0.2, LEG)
  }

  tierOf(process: Process): Tier {
    const holder = process.name
    return {
      read: (keys, seen, lease) =>
        this.#heeding(process, (server) => {
          const reply = server.read(keys, seen, lease, holder)
          if (reply.values.some((value) => typeof value === 'number'))
            this.#world.tell(`process ${holder} has a lease on ${keys}`)
          return reply
        }),
      release: (key, until) =>
        this.#heeding(process, (server) => {
          this.#world.tell(`process ${holder} gives up its lease on ${key}`)
          return server.release(key, until, holder)
        }),
      fill: (fill) =>
        this.#heeding(process, (server) => {
          const result = server.fill(fill)
          this.#world.tell(`process ${holder} fills ${fill.key}: ${result}`)
          if (result === 'stored') this.#world.checks.stored(fill.payload)
          return result
        }),
      pull: (seen) => this.#call(process, (server) => server.pull(seen, PULLS[this.#world.profile])),
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
    if (unanswered > this.#world.failures + 4 && this.#world.now - unansweredAt < PAUSE * 0.4)
      this.#world.checks.fail('BREAKER', `process ${process.name} has asked after ${unanswered} failures`)
    return this.#call(process, run)
  }

  async #write(process: Process, write: Write): Promise<TierWrite> {
    const body = Buffer.from(write.body).toString('hex')
    const versions = this.#world.checks.versionsIn(write)
    this.#world.checks.versions.set(body, versions)
    // What is sent again was called when it was sent first.
    const called =
      this.#world.checks.firstVersions.get(body) ?? this.#world.checks.calledFor(process, write, versions)
    this.#world.checks.firstVersions.set(body, called)
    const sentAt = this.#world.now
    const reply = await this.#call(process, (server) => {
      const result = server.write(write)
      if (result.kept) this.#world.checks.stored(write.value!.payload)
      return result
    })
    // What comes later than its time limit is no acknowledgement.
    if (this.#world.now - sentAt < TIMEOUT) this.#world.checks.acknowledged(called, reply.id)
    return reply
  }

  /** A request; without an answer it may have run, or may run later. */
  #call<T>(process: Process, run: (server: Model) => T): Promise<T> {
    return new Promise((resolve) => {
      let isAnswered = false
      this.#world.agenda.after(TIMEOUT, () =>
        this.#world.deliver(process, () => {
          if (isAnswered) return
          process.unanswered++
          process.unansweredAt = this.#world.now
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
          if (this.#world.random.chance(0.3)) this.#parked.push({ process, run })
          return
        }
        const result = this.#run(run, process)
        this.#world.agenda.after(this.#leg(), () => {
          if (!this.#isCut(process)) this.#world.deliver(process, () => answer(result))
        })
      }
      this.#world.agenda.after(this.#leg(), execute)
    })
  }

  /** The server that answers a process: an old primary goes on for some while others have a new one. */
  #serverOf(process: Process): Model {
    return process.oldUntil > this.#world.now ? process.old! : this.#world.server
  }

  #run<T>(run: (server: Model) => T, process: Process): T {
    const server = this.#serverOf(process)
    const result = run(server)
    this.#world.checks.checkServer(server)
    if (TROUBLES[this.#world.profile].length > 0 && server === this.#world.server) {
      this.#world.snapshots.push(this.#world.server.copy())
      if (this.#world.snapshots.length > 12) this.#world.snapshots.shift()
    }
    return result
  }

  /** Publishes what the server has appended to its log. */
  publish(entry: LogEntry, epoch: string, server: Model): void {
    const bytes = encodePush({ ...entry, epoch })
    for (const process of this.#world.processes) {
      if (!process?.isAlive || this.#serverOf(process) !== server) continue
      const { random } = this.#world
      if (this.#world.profile !== 'calm') {
        if (this.#isCut(process) || process.deafUntil > this.#world.now || random.chance(0.08)) continue
        if (random.chance(0.1)) this.#carry(bytes, process, random.between(0, 4 * PUSH))
        if (random.chance(0.2)) {
          this.#carry(bytes, process, random.between(0, 4 * PUSH))
          continue
        }
      }
      const arrival = Math.max(
        this.#lastPush.get(process) ?? 0,
        this.#world.now + random.tail(0.1, PUSH * 0.9),
      )
      this.#lastPush.set(process, arrival)
      this.#carry(bytes, process, arrival - this.#world.now)
    }
  }

  #carry(bytes: Uint8Array, process: Process, delay: number): void {
    this.#world.agenda.after(delay, () => {
      if (this.#world.profile === 'calm' || !this.#isCut(process))
        this.#world.deliver(process, () => process.listener?.(bytes))
    })
  }

  unpark(): void {
    const parked = this.#parked
    this.#parked = []
    for (const item of parked) {
      this.#world.agenda.after(this.#world.random.between(0, 30), () => {
        if (this.#isCut(item.process)) this.#parked.push(item)
        else this.#run(item.run, item.process)
      })
    }
  }
}
