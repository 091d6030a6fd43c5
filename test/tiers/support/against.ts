import { leaseIn, openEntry, sealed } from '../../../src/tiers/record.ts'
import { redisTier } from '../../../src/tiers/redis-tier.ts'
import type { Position, StoredValue, Tier, TierRead } from '../../../src/tiers/tier.ts'
import { numberOf } from '../../../src/tiers/tier.ts'
import { Model } from '../world/model.ts'
import { Random } from '../world/random.ts'
import type { RedisSocket } from './socket.ts'

/** Longer than this takes. */
const LEASE = 3_600_000

/**
 * The model of the scripts beside a real server that runs them, for many calls: each reply must be the same. The nonces and the time of
 * both are those of the server, which chooses them. Returns how often each outcome was met. Empties the server.
 */
export async function against(
  socket: RedisSocket,
  seed: number,
  calls: number,
): Promise<Record<string, number>> {
  await socket.command(['FLUSHALL'])
  // The log is trimmed by whole nodes of the stream. With one entry in each it has the length of the model's.
  await socket.command(['CONFIG', 'SET', 'stream-node-max-entries', '1'])
  const random = new Random(seed)
  const store = redisTier(socket, { subscriber: false, log: 12, keyFences: 3, tagFences: 2 })
  const server = store.open('t')
  /** Two processes, as far as leases are concerned. */
  const holders = [server, store.open('t')] as const
  let micros = 0
  let nonce = 0
  const model = new Model(
    { log: 12, keys: 3, tags: 2 },
    { micros: () => micros, nonce: () => nonce, appended() {} },
  )
  const positions: Position[] = ['5-5']
  /** By key, when the last lease on it ends: on the server, in the model. */
  const leases = new Map<string, readonly [number, number]>()
  const outcomes: Record<string, number> = {}
  const note = (name: string): void => {
    outcomes[name] = (outcomes[name] ?? 0) + 1
  }
  for (let i = 0; i < calls; i++) {
    const isSpoiled = random.chance(0.01)
    if (isSpoiled) note(await spoil(random.below(6), model, socket))
    // A new state is made by the server, by its own time and number. Now and then none is there.
    if (random.chance(isSpoiled ? 0.4 : 0.9)) {
      const { head, epoch } = await server.anchor([])
      micros = numberOf(head)
      nonce = Number(epoch)
      model.open()
      micros += i * 1000
    }
    const hasState = model.state !== undefined
    const recent = random.chance(0.8) ? 4 : 30
    const seen = random.chance(0.1)
      ? undefined
      : positions[Math.max(0, positions.length - 1 - random.below(recent))]
    const key = `k${random.below(3)}`
    const tags = random.chance(0.5) ? [] : random.chance(0.5) ? ['a'] : ['a', 'b']
    const value: StoredValue = {
      token: seen ?? '5-5',
      age: random.below(3) * 1e6,
      ttl: random.chance(0.5) ? 600_000 : 0,
      stale: 600_000,
      flags: 0,
      serializer: 0,
      payload: sealed(key, 0, 0, tags, Buffer.from(`v${i}`)),
      tags,
    }
    const dice = random.next()
    let real: unknown
    let ours: unknown
    if (dice < 0.35) {
      const holder = random.below(2)
      const lease = random.chance(0.5) ? LEASE : 0
      const its = await holders[holder]!.read([key, 'k9'], seen, lease)
      real = shown(its, key)
      const reply = model.read([key, 'k9'], seen, lease, holder)
      ours = shown(reply, key)
      const [first] = reply.values
      if (!hasState) note('read: no state')
      else if (!reply.isKnown) note('read: history lost')
      else if (first === undefined) note('read: miss')
      else if (typeof first === 'number') note('read: leased')
      else note(first === 'loading' ? 'read: another loads' : 'read: hit')
      if (lease > 0 && leaseOf(reply) !== undefined) leases.set(key, [leaseOf(its) ?? 0, leaseOf(reply)!])
      if (random.chance(0.3)) {
        // That which was given last, perhaps to another or gone by now, or an earlier one.
        const [theirs, modelled] = leases.get(key) ?? [1, 1]
        const earlier = random.chance(0.2) ? 5 : 0
        real = [real, (await holders[holder]!.release!(key, theirs - earlier)) === 1]
        const isReleased = model.release(key, modelled - earlier, holder) === 1
        ours = [ours, isReleased]
        note(isReleased ? 'lease given up' : 'no lease to give up')
      }
    } else if (dice < 0.6 && hasState && seen !== undefined) {
      const fill = { ...value, key, epoch: random.chance(0.9) ? model.state!.epoch : '1' }
      real = await server.fill(fill)
      ours = model.fill(fill)
      note(`fill: ${ours}`)
    } else if (dice < 0.85 && hasState) {
      const mode = random.chance(0.05) ? 'clear' : random.chance(0.3) ? 'expire' : 'delete'
      const keys = random.chance(0.7) ? [key] : []
      const deleted = random.chance(0.2) ? ['a'] : random.chance(0.1) ? ['b', 'c'] : []
      const stored =
        mode !== 'expire' && random.chance(0.5) && keys.length > 0 && seen !== undefined ? value : undefined
      const write = { seen, body: Buffer.from('body'), mode, keys, tags: deleted, value: stored } as const
      const reply = await server.write(write)
      nonce = Number(reply.id.split('-')[1])
      real = reply
      ours = model.write(write)
      positions.push(reply.id)
      note(stored === undefined ? `write: ${mode}` : reply.kept ? 'set: kept' : 'set: given up')
    } else if (dice < 0.95 && seen !== undefined) {
      const { time: _, ...reply } = await server.pull(seen)
      const { time: __, ...its } = model.pull(seen)
      real = { ...reply, entries: reply.entries.map(plain) }
      ours = { ...its, entries: its.entries.map(plain) }
      note(reply.isKnown ? 'pull' : hasState ? 'pull: history lost' : 'pull: no state')
    } else if (hasState) {
      const asked = positions.slice(-8)
      const { time: _, age: __, ...reply } = await server.anchor(asked)
      const { time: ___, age: ____, ...its } = model.anchor(asked)
      real = reply
      ours = its
      note('anchor')
    }
    if (JSON.stringify(real) !== JSON.stringify(ours))
      throw new Error(
        `seed ${seed}, call ${i} differs\n  server ${JSON.stringify(real)}\n  model  ${JSON.stringify(ours)}`,
      )
    if (model.state !== undefined && !positions.includes(model.state.head)) positions.push(model.state.head)
    if (positions.length > 200) positions.splice(0, 100)
  }
  return outcomes
}

/** Something of the server's is lost. */
async function spoil(what: number, model: Model, socket: RedisSocket): Promise<string> {
  const part = ['s', 'l', 'k', 't'][what]
  if (what === 0) model.state = undefined
  if (what === 1) model.log = []
  if (what === 2) model.keys = new Map()
  if (what === 3) model.tags = new Map()
  if (what === 4) {
    Object.assign(model, { state: undefined, log: [], keys: new Map(), tags: new Map() })
    Object.assign(model, { entries: new Map(), leases: new Map() })
    await socket.command(['FLUSHALL'])
  } else if (what === 5) {
    model.entries.delete('k0')
    model.leases.delete('k0')
    await socket.command(['DEL', 'nc:{t}:v:k0'])
  } else await socket.command(['DEL', `nc:{t}:${part}`])
  return ['state gone', 'log gone', 'key fences gone', 'tag fences gone', 'flushed', 'entry gone'][what]!
}

/** The lease that a read has given on its first key. */
function leaseOf({ values: [first] }: TierRead): number | undefined {
  return typeof first === 'number' ? first : first instanceof Uint8Array ? leaseIn(first) : undefined
}

/** A reply of `read` without its times, which differ. */
function shown(reply: TierRead, key: string): unknown {
  const values = reply.values.map((bytes) => {
    const entry = bytes instanceof Uint8Array ? openEntry(bytes, key) : undefined
    if (typeof bytes === 'number') return 'leased'
    return entry === undefined
      ? (bytes ?? null)
      : {
          at: entry.at,
          epoch: entry.epoch,
          tags: entry.tags,
          isTimed: entry.expires > 0,
          isExpired: entry.isExpired,
          data: Buffer.from(entry.data).toString(),
        }
  })
  return { ...reply, values }
}

function plain({ id, previous, body }: Awaited<ReturnType<Tier['pull']>>['entries'][number]): unknown {
  return { id, previous, body: Buffer.from(body).toString('hex') }
}
