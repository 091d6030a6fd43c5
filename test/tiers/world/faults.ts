import { encodeKey } from '../../../src/tiers/keys.ts'
import { Model } from './model.ts'
import { KEYS, type Process, TROUBLES, type Trouble } from './profiles.ts'
import type { World } from './world.ts'

/** What befalls the world: processes that are cut off, frozen or killed, and servers that fail, split and lose what they had. */
export class Faults {
  readonly #world: World
  isServing = true
  #saved: Model | undefined

  constructor(world: World) {
    this.#world = world
  }

  trouble(): void {
    const troubles = TROUBLES[this.#world.profile]
    if (troubles.length === 0) return
    const { random, agenda } = this.#world
    agenda.after(random.between(20, 420), () => {
      if (this.#world.isEnding) return
      const process = this.#world.processes[random.below(this.#world.count)]!
      let dice = random.next() * troubles.reduce((sum, [, weight]) => sum + weight, 0)
      const [name] = troubles.find(([, weight]) => {
        dice -= weight
        return dice < 0
      })!
      this.#befall[name](process)
      this.trouble()
    })
  }

  readonly #befall: Record<Trouble, (process: Process) => void> = {
    cut: (process) => {
      const isLong = this.#world.random.chance(this.#world.profile === 'sleep' ? 0.8 : 0.4)
      this.#cut(process, isLong ? this.#world.random.between(600, 3000) : this.#world.random.between(10, 400))
    },
    deaf: (process) => {
      process.deafUntil = this.#world.now + this.#world.random.between(100, 2500)
    },
    freeze: (process) => {
      process.frozenUntil = this.#world.now + this.#world.random.between(20, 2000)
      this.#world.tell(`process ${process.name} freezes until ${process.frozenUntil.toFixed(0)}`)
    },
    crash: (process) => this.#crash(process),
    failover: () => this.#stop(() => this.#failover()),
    split: () => this.#split(),
    restore: () => this.#stop(() => this.#restore()),
    empty: () => this.#stop(() => this.#world.lose(this.#empty())),
    'state evicted': () => {
      this.#world.server.state = undefined
      this.#world.tell('the state is evicted')
    },
    'fences evicted': () => {
      if (this.#world.random.chance(0.5)) this.#world.server.keys = new Map()
      else this.#world.server.tags = new Map()
      this.#world.tell('fences are evicted')
    },
    'log evicted': () => {
      this.#world.server.log = []
      this.#world.tell('the log is evicted')
    },
    'entry evicted': () => {
      this.#world.server.entries.delete(encodeKey(KEYS[this.#world.random.below(3)]!))
    },
    'clock jumps': () => this.#jump(100_000),
    saved: () => {
      this.#saved = this.#world.server.copy()
    },
  }

  /** The server's clock jumps, by microseconds. */
  #jump(most: number): void {
    this.#world.checks.hasJumped = true
    this.#world.clockSkew += this.#world.random.between(-most, most)
  }

  #cut(process: Process, time: number): void {
    process.cutUntil = this.#world.now + time
    this.#world.tell(`process ${process.name} is cut off until ${process.cutUntil.toFixed(0)}`)
    this.#world.agenda.after(time + 1, () => this.#world.network.unpark())
  }

  #crash(process: Process): void {
    this.#world.tell(`process ${process.name} dies`)
    process.isAlive = false
    this.#world.agenda.after(this.#world.random.between(20, 500), () => this.#world.start(process.name))
  }

  #stop(change: () => void): void {
    this.isServing = false
    this.#world.agenda.after(this.#world.random.between(10, 700), () => {
      change()
      this.isServing = true
      this.#world.network.unpark()
    })
  }

  /** A replica takes over that lacks what came last. */
  #failover(): void {
    const lag = this.#world.random.below(Math.min(6, this.#world.snapshots.length) + 1)
    const from = this.#world.snapshots[this.#world.snapshots.length - 1 - lag]
    if (from === undefined) return
    this.#world.snapshots.length -= lag
    this.#world.tell(`failover, ${lag} scripts are lost`)
    this.#jump(300_000)
    this.#world.lose(from.copy())
  }

  /** A replica takes over, but some processes are answered by the old primary for a while; what that one does is lost. */
  #split(): void {
    const old = this.#world.server
    const until = this.#world.now + this.#world.random.between(50, 1500)
    // Now and then one that has nothing at all.
    if (this.#world.random.chance(0.3)) this.#world.lose(this.#empty())
    else this.#failover()
    if (this.#world.server === old) return
    for (const process of this.#world.processes) {
      if (process.oldUntil > this.#world.now || this.#world.random.chance(0.5)) continue
      process.old = old
      process.oldUntil = until
      this.#world.tell(`process ${process.name} stays with the old primary until ${until.toFixed(0)}`)
    }
  }

  /** The server comes back with what it had saved some time ago. */
  #restore(): void {
    if (this.#saved === undefined) return
    this.#world.tell('restored from what was saved')
    this.#world.lose(this.#saved.copy())
  }

  #empty(): Model {
    this.#world.tell('restarted empty')
    return new Model(this.#world.server.limits, this.#world, this.#world.server.off)
  }
}
