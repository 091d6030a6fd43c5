import { encodeKey } from '../../../src/tiers/keys.ts'
import { DOWN, KEYS, LEG, type Process, TAGS, type Value } from './profiles.ts'
import type { World } from './world.ts'

/** What processes do by themselves: they read, load, invalidate and update. */
export class Acts {
  readonly #world: World
  #loadCount = 0

  constructor(world: World) {
    this.#world = world
  }

  #read(process: Process, key: number, isLoad: boolean): void {
    const start = this.#world.now
    const own = process.own[key]!
    const removed = process.removed[key]!
    const check = (value: Value): void => {
      const hasFailed = this.#world.staleIfError > 0 && process.failedAt[key]! >= start - 3
      this.#world.checks.checkRead(process, key, start, value)
      this.#world.checks.checkOwn(process, key, hasFailed ? removed : own, value)
    }
    if (!isLoad) {
      const value = process.cache.get(KEYS[key]!)
      if (value !== undefined) check(value)
      return
    }
    process.cache
      .getOrLoad(KEYS[key]!, () => this.load(process, key), { tags: TAGS[key]! })
      .then(
        check,
        (error) => error.message === DOWN || this.#world.checks.fail('ERROR', String((error as Error).stack)),
      )
      .then(() => this.#world.checks.checkWait(process, key, start))
  }

  #lookup(process: Process, key: number): void {
    const start = this.#world.now
    const own = process.own[key]!
    process.cache.lookup(KEYS[key]!).then(
      (value) => {
        if (value === undefined) return
        this.#world.checks.checkRead(process, key, start, value)
        this.#world.checks.checkOwn(process, key, own, value)
      },
      (error) => this.#world.checks.fail('ERROR', String((error as Error).stack)),
    )
  }

  /** A host that asks first, and brings later what was missing. */
  async #ask(process: Process, key: number): Promise<void> {
    const start = this.#world.now
    const own = process.own[key]!
    const open = await process.cache.beginLoad(KEYS[key]!)
    if (open.value !== undefined) {
      this.#world.checks.checkRead(process, key, start, open.value)
      this.#world.checks.checkOwn(process, key, own, open.value)
      return
    }
    await this.load(process, key).then(
      (value) => open.finish(value, { tags: TAGS[key]! }),
      () => {},
    )
    open.end()
  }

  /** Asks the source, which answers what it had at some moment meanwhile. */
  load(process: Process, key: number): Promise<Value> {
    const { random, agenda } = this.#world
    const length = random.chance(this.#world.longLoads) ? random.between(300, 2500) : random.tail(1, 150)
    const fails = this.#world.staleIfError > 0 ? random.chance(0.15) : random.chance(0.02)
    const load = ++this.#loadCount
    let version = 0
    this.#world.tell(`process ${process.name} begins load ${load} of key ${key}`)
    this.#world.checks.checkFlight(process, key)
    const expires = this.#world.server.entries.get(encodeKey(KEYS[key]!))?.expires ?? 0
    const isFree = process.calls > 0 || Math.abs(expires - this.#world.micros() / 1000) < 3 * LEG
    this.#world.checks.loads.push({
      process,
      key,
      from: this.#world.now,
      to: this.#world.now + length,
      isFree,
    })
    agenda.after(random.next() * length, () => {
      version = this.#world.source[key]!
    })
    return new Promise((resolve, reject) => {
      agenda.after(length, () =>
        this.#world.deliver(process, () => {
          this.#world.tell(
            `load ${load} of key ${key} in process ${process.name} ${fails ? 'fails' : 'ends'}`,
          )
          if (fails) process.failedAt[key] = this.#world.now
          else this.#world.checks.deadlines.set(load, this.#world.now + this.#world.ttl)
          if (fails) reject(new Error(DOWN))
          else resolve({ version, load })
        }),
      )
    })
  }

  /** What a process does by itself, for as long as it lives. */
  act(process: Process): void {
    const { random, agenda } = this.#world
    agenda.after(random.between(2, 45), () =>
      this.#world.deliver(process, () => {
        if (this.#world.isEnding) return
        const key = random.below(KEYS.length)
        const isRead = this.#world.profile === 'quiet' && random.chance(0.93)
        const dice = random.next() * (isRead ? 0.78 : 1)
        if (dice < 0.4) this.#read(process, key, true)
        else if (dice < 0.5 && this.#world.profile === 'quiet' && random.chance(0.7))
          void this.#ask(process, key)
        else if (dice < 0.5) this.#lookup(process, key)
        else if (dice < 0.78) this.#read(process, key, false)
        else if (dice < 0.88) {
          this.#world.source[key]!++
          this.#later(process, [key], () => process.cache.delete(KEYS[key]!))
        } else if (dice < 0.91) {
          this.#world.source[key]!++
          this.#later(process, [key], () => process.cache.expire(KEYS[key]!), false)
        } else if (dice < 0.95) this.#update(process, key)
        else if (dice < 0.98) {
          const tag = random.chance(0.6) ? 'a' : 'b'
          const keys = [0, 1, 2].filter((one) => (TAGS[one] as readonly string[]).includes(tag))
          for (const one of keys) this.#world.source[one]!++
          this.#later(process, keys, () => process.cache.deleteByTag(tag))
        } else {
          for (const one of [0, 1, 2]) this.#world.source[one]!++
          this.#later(process, [0, 1, 2], () => process.cache.clear())
        }
        // At once, and after a little: what the process itself has just changed.
        if (dice >= 0.78 && random.chance(0.7))
          agenda.after(random.tail(0, 60), () =>
            this.#world.deliver(process, () => this.#read(process, key, true)),
          )
        this.act(process)
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
      this.#world.tell(`process ${process.name} invalidates ${keys} for ${this.#world.source}`)
      const versions = KEYS.map((_, key) => (keys.includes(key) ? this.#world.source[key] : undefined))
      this.#world.called.push({ process, versions })
      for (const key of keys) {
        process.own[key] = Math.max(process.own[key]!, this.#world.source[key]!)
        if (removes) process.removed[key] = process.own[key]!
      }
      process.calls++
      invalidate()
        .catch((error) => this.#world.checks.fail('ERROR', String(error.stack)))
        .finally(() => process.calls--)
    }
    if (this.#world.random.chance(0.5)) call()
    else this.#world.agenda.after(this.#world.random.tail(0, 40), () => this.#world.deliver(process, call))
  }

  #update(process: Process, key: number): void {
    const { random, agenda } = this.#world
    const load = ++this.#loadCount
    const fails = random.chance(0.1)
    process.calls++
    const write = (): Promise<Value> =>
      new Promise((resolve, reject) => {
        const length = random.chance(this.#world.longLoads) ? random.between(300, 2500) : random.tail(0, 80)
        agenda.after(random.tail(1, 120), () => {
          if (!process.isAlive) return
          const version = ++this.#world.source[key]!
          agenda.after(length, () =>
            this.#world.deliver(process, () => {
              this.#world.called.push({
                process,
                versions: KEYS.map((_, one) => (one === key ? version : undefined)),
              })
              process.own[key] = Math.max(process.own[key]!, version)
              process.removed[key] = process.own[key]!
              this.#world.checks.deadlines.set(load, this.#world.now + this.#world.ttl)
              // What has failed has changed the source all the same.
              if (fails) reject(new Error(DOWN))
              else resolve({ version, load })
            }),
          )
        })
      })
    process.cache
      .update(KEYS[key]!, write, { tags: TAGS[key]! })
      .catch((error) => error.message === DOWN || this.#world.checks.fail('ERROR', String(error.stack)))
      .finally(() => process.calls--)
  }
}
