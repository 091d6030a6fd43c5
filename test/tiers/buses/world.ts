import type { Host } from '../../../src/tiers/host.ts'
import type { Bus } from '../../../src/tiers/tier.ts'
import type * as product from '../../../src/tiers/tiered-cache.ts'
import { Agenda } from '../world/agenda.ts'
import { Random } from '../world/random.ts'

/*
 * Processes that share nothing but a bus, in virtual time, from a seed. What is checked, for a version that was in the source before an
 * invalidation of its key was called:
 *
 *   BOUND   A read that starts later than the acknowledgement plus the bound gives that version or a newer one.
 *   OWN     So does a read in the process that called, from the call on.
 *   END     So do all, once the bus carries again and time has passed.
 *
 * Calm: the bus delivers in order, and the bound is a delivery. Lossy: it drops, repeats, delays and reorders. Storm: processes are cut
 * off, frozen, killed and started besides. Of these two the bound is `maxStale`, a beat and a delivery. What a process says is
 * owed to all to whom it does not count as ended: from whom something has come within `maxStale` and a beat, or comes later.
 */
export type Profile = 'calm' | 'lossy' | 'storm'

type Product = Pick<typeof product, 'simulatedCache'>
type Tiered = product.TieredCache<string, number>

export const BEAT = 150
export const MAX_STALE = 900
const DELIVERY = { calm: 20, lossy: 200, storm: 200 }
const KEYS = ['a', 'b', 'c'] as const
const TAG = 'all'

class Process {
  cache!: Tiered
  isAlive = true
  cutUntil = 0
  frozenUntil = 0
  readonly own = new Map<string, number>()
  onBytes: ((bytes: Uint8Array) => void) | undefined
  /** When the newest frame of each other process was sent that has come here, and when it came. */
  readonly heard = new Map<Process, { readonly sentAt: number; readonly at: number }>()
  /** From whom nothing comes, until then. */
  readonly deafTo = new Map<Process, number>()
}

interface Owed {
  readonly key: string
  readonly version: number
  readonly at: number
  readonly by: Process
  /** To whom the process that called counted as ended. */
  readonly strangers: ReadonlySet<Process>
}

/** Plays one schedule; gives what was violated, and what happened. */
export async function playBus(
  { simulatedCache }: Product,
  seed: number,
  profile: Profile,
): Promise<{ readonly violations: string[]; readonly reads: number; readonly distrusts: number }> {
  const random = new Random(seed)
  const agenda = new Agenda()
  agenda.now = 1000
  const versions = new Map<string, number>(KEYS.map((key) => [key, 1]))
  const owed: Owed[] = []
  const violations: string[] = []
  const bound = profile === 'calm' ? DELIVERY.calm + 1 : MAX_STALE + BEAT + DELIVERY[profile] + 1
  let areFaultsOver = false
  let reads = 0
  let distrusts = 0
  let processes: Process[] = []

  const isFaulty = (): boolean => profile !== 'calm' && !areFaultsOver
  const carry = (from: Process, bytes: Uint8Array): void => {
    for (const to of processes) {
      if (from.cutUntil > agenda.now || to.cutUntil > agenda.now) continue
      if ((to.deafTo.get(from) ?? 0) > agenda.now) continue
      if (isFaulty() && random.chance(0.15)) continue
      const delay = isFaulty() ? random.tail(1, DELIVERY[profile]) : 10
      const sentAt = agenda.now
      agenda.after(delay, () => arrive(to, bytes, () => hear(to, from, sentAt)))
      if (isFaulty() && random.chance(0.05))
        agenda.after(random.between(1, 3000), () => arrive(to, damaged(bytes)))
    }
  }
  const damaged = (bytes: Uint8Array): Uint8Array =>
    random.chance(0.7) ? bytes : bytes.slice(0, random.below(bytes.length))
  const arrive = (to: Process, bytes: Uint8Array, heard?: () => void): void => {
    if (!to.isAlive) return
    if (to.frozenUntil > agenda.now) {
      agenda.at(to.frozenUntil, () => arrive(to, bytes, heard))
      return
    }
    heard?.()
    to.onBytes?.(bytes)
  }
  const hear = (to: Process, from: Process, sentAt: number): void => {
    if (sentAt >= (to.heard.get(from)?.sentAt ?? 0)) to.heard.set(from, { sentAt, at: agenda.now })
  }
  const isOwed = (one: Owed, to: Process): boolean =>
    !one.strangers.has(to) || (to.heard.get(one.by)?.sentAt ?? 0) > one.at

  const start = (): Process => {
    const process = new Process()
    const bus: Bus = {
      send: (bytes) => carry(process, bytes.slice()),
      async listen(onBytes) {
        process.onBytes = onBytes
        return () => {
          process.onBytes = undefined
        }
      },
    }
    const host: Host = {
      after(time, run) {
        let isOff = false
        const due = (): void => {
          if (isOff || !process.isAlive) return
          if (process.frozenUntil > agenda.now) agenda.at(process.frozenUntil, due)
          else run()
        }
        agenda.after(time, due)
        return () => {
          isOff = true
        }
      },
      random: () => random.next(),
      source: () => Array.from({ length: 12 }, () => random.below(16).toString(16)).join(''),
    }
    process.cache = simulatedCache<string, number>(
      {
        name: 'users',
        remote: bus,
        ttl: '10m',
        beat: BEAT,
        maxStale: MAX_STALE,
        readTimeout: 50,
        writeTimeout: 120,
        clock: () => agenda.now,
        onError: (error) => {
          if (!isExpected(error)) violations.push(`ERROR ${error instanceof Error ? error.message : error}`)
        },
      },
      { host, ring: { time: 1500, most: 50, slack: 400 } },
    )
    return process
  }

  const read = async (process: Process, key: string): Promise<void> => {
    const startedAt = agenda.now
    const own = process.own.get(key) ?? 0
    const least = Math.max(
      own,
      ...owed
        .filter((one) => one.key === key && one.at + bound < startedAt && isOwed(one, process))
        .map((one) => one.version),
    )
    reads++
    const local = process.cache.get(key)
    const check = (version: number, how: string): void => {
      if (version >= least) return
      violations.push(
        `${version < own ? 'OWN' : areFaultsOver ? 'END' : 'BOUND'} ${how}: ${version} < ${least}`,
      )
    }
    if (local !== undefined) check(local, 'get')
    if (local !== undefined && random.chance(0.5)) return
    check(
      await process.cache.getOrLoad(
        key,
        () => {
          const version = versions.get(key)!
          return new Promise<number>((resolve) => agenda.after(random.tail(1, 300), () => resolve(version)))
        },
        { tags: [TAG] },
      ),
      'getOrLoad',
    )
  }

  const write = async (process: Process): Promise<void> => {
    const dice = random.next()
    const keys = dice < 0.7 ? [KEYS[random.below(3)]!] : [...KEYS]
    const { cache } = process
    let told: { readonly key: string; readonly version: number }[] = []
    const change = (): number => {
      told = keys.map((key) => ({ key, version: versions.get(key)! + 1 }))
      for (const { key, version } of told) {
        versions.set(key, version)
        process.own.set(key, version)
      }
      return told[0]!.version
    }
    if (dice >= 0.5 && dice < 0.7) await cache.update(keys[0]!, change, { tags: [TAG] })
    else {
      change()
      if (dice < 0.5) await cache.delete(keys[0]!)
      else await (dice < 0.85 ? cache.deleteByTag(TAG) : cache.clear())
    }
    await cache.settled()
    if (!process.isAlive) return
    const known = agenda.now - MAX_STALE - BEAT
    const strangers = new Set(processes.filter((to) => (to.heard.get(process)?.at ?? 0) < known))
    for (const one of told) owed.push({ ...one, at: agenda.now, by: process, strangers })
  }

  processes = [start(), start(), start()]
  const end = agenda.now + 6000
  for (let t = agenda.now + 5; t < end; t += random.between(2, 25)) {
    agenda.at(t, () => {
      const process = processes[random.below(processes.length)]!
      if (process.frozenUntil > agenda.now) return
      if (random.chance(0.06)) void write(process)
      else void read(process, KEYS[random.below(3)]!)
    })
  }
  if (profile === 'storm')
    for (let t = agenda.now + 300; t < end; t += random.between(50, 500)) {
      agenda.at(t, () => {
        const i = random.below(processes.length)
        const process = processes[i]!
        const dice = random.next()
        if (dice < 0.25) process.cutUntil = agenda.now + random.between(100, 2 * MAX_STALE)
        else if (dice < 0.5) process.frozenUntil = agenda.now + random.between(100, 2 * MAX_STALE)
        else if (dice < 0.75)
          process.deafTo.set(processes[random.below(3)]!, agenda.now + random.between(100, MAX_STALE / 3))
        else {
          process.isAlive = false
          distrusts += process.cache.stats().remote.distrusts
          processes[i] = start()
        }
      })
    }
  await agenda.runUntil(end)
  areFaultsOver = true
  for (const process of processes) {
    process.cutUntil = 0
    process.frozenUntil = 0
    process.deafTo.clear()
  }
  await agenda.runUntil(end + 3 * (MAX_STALE + BEAT))
  const settledAt = agenda.now
  for (const process of processes) for (const key of KEYS) void read(process, key)
  await agenda.runUntil(settledAt + 1000)
  for (const process of processes) distrusts += process.cache.stats().remote.distrusts
  return { violations, reads, distrusts }
}

/** What is told where a bus does not answer. */
function isExpected(error: unknown): boolean {
  return error instanceof Error && /in a row|answers again|cannot be read/.test(error.message)
}
