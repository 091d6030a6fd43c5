import assert from 'node:assert/strict'
import { type Cache, storeOf } from '../../src/cache.ts'
import type { Queue } from '../../src/core/queue.ts'
import { FIRST_SLOT, NONE, type Slots } from '../../src/core/slots.ts'
import type { Space, Table } from '../../src/core/space.ts'
import type { TagGroup } from '../../src/core/tags.ts'
import { NegativeResult } from '../../src/engine/negative.ts'
import type { Store } from '../../src/engine/store.ts'

/** What the checker cannot see for itself. */
export interface Surroundings {
  /** Loads were started and have not ended. */
  readonly loading?: boolean
}

/** What a slot is, exactly one for each. */
type Kind = 'free' | 'entry' | 'ghost'

/**
 * Validates all internal structures of a cache's store, whichever view of it is given; throws an AssertionError that names the slot
 * and what is wrong with it. Changes nothing (but reads the clock). Takes time in proportion to the slots.
 */
export function checkInvariants<K, V>(cache: Cache<K, V>, { loading = false }: Surroundings = {}): void {
  const store = storeOf(cache)
  const kinds = checkSlots(store)
  checkCalm(store, kinds)
  const spaces = spacesOf(store)
  checkTables(store, kinds, spaces)
  checkSums(store, kinds)
  checkCounters(store, spaces)
  checkQueues(store, kinds)
  checkTags(store, kinds, spaces)
  checkSweepPlanned(store, kinds)
  if (store.hasLeft) assert.equal(store.expiry.untilSweep(), 0, 'what has left waits for the sweep')
  checkBehind(store, spaces)
  checkEndings(store, kinds)
  for (const { flights, closed } of spaces) {
    if (flights === undefined) continue
    assert.ok(loading, 'a space lists loads, but none is under way')
    assert.ok(!closed, 'a closed space lists loads that may store')
  }
}

// Slots

/** Tells free slots, entries and ghosts apart, and checks what each may hold. */
function checkSlots(store: Store): Kind[] {
  const { slots } = store
  const { end, keys, values, deadlines } = slots
  const { weights, lastReads, ttlDeadlines, graces, retries, refreshes, owners, tags, watched } = slots
  const marks = slots.marks.length > 0 ? slots.marks : undefined
  for (const [name, array] of Object.entries({
    ...{ keys, values, owners, tags, next: slots.next, prev: slots.prev, marks },
    ...{ weights, lastReads, ttlDeadlines, graces, retries, refreshes, watched },
  }))
    if (array) assert.equal(array.length, deadlines.length, `${name}: as long as the other arrays`)
  assert.ok(deadlines.length >= end, 'the arrays reach to the end')
  assert.equal(watched !== undefined, store.isWatched, 'slots are marked while somebody watches')
  if (watched || slots.areReadsTold) assert.ok(slots.calmUntil < 0, 'no read is calm while somebody watches')

  checkEmpty(slots, NONE, 'slot')
  for (let slot = end; slot < deadlines.length; slot++) {
    checkEmpty(slots, slot, 'beyond the end, slot')
    if (weights) assert.equal(weights[slot], 0, `slot ${slot}, beyond the end, weighs something`)
  }

  const kinds: Kind[] = []
  for (const slot of freeSlots(slots)) {
    assert.equal(kinds[slot], undefined, `the free list meets slot ${slot} twice`)
    assert.ok(slots.isFree(slot), `free slot ${slot} is not marked as free`)
    kinds[slot] = 'free'
  }
  for (let slot = FIRST_SLOT; slot < end; slot++) {
    if (!slots.isFree(slot)) continue
    assert.ok(kinds[slot] === 'free' || slot >= slots.ceiling, `free slot ${slot} is not in the list`)
    kinds[slot] = 'free'
    checkEmpty(slots, slot, 'free slot')
  }
  assert.equal(slots.used, end - FIRST_SLOT - kinds.filter((kind) => kind === 'free').length, 'slots in use')
  for (let slot = FIRST_SLOT; slot < end; slot++) {
    if (kinds[slot] === 'free') continue
    const deadline = deadlines[slot]!
    assert.ok(!Number.isNaN(deadline), `slot ${slot} has a deadline that is no number`)
    kinds[slot] = deadline === 0 ? 'ghost' : 'entry'
    if (kinds[slot] === 'entry') checkEntry(store, slot)
    else {
      assert.equal(values[slot], undefined, `ghost ${slot} holds a value`)
      assert.equal(slots.tags?.[slot], undefined, `ghost ${slot} bears tags`)
    }
  }
  return kinds
}

/** The free list, in the order in which slots are handed out; throws where it leaves the slots or runs in a circle. */
export function freeSlots(slots: Slots): number[] {
  const free: number[] = []
  for (let slot = slots.firstFree; slot !== NONE; slot = slots.next[slot]!) {
    assert.ok(slot >= FIRST_SLOT && slot < slots.end, `the free list leads to slot ${slot}`)
    assert.ok(free.length < slots.end, 'the free list runs in a circle')
    free.push(slot)
  }
  return free
}

function checkEmpty(slots: Slots, slot: number, what: string): void {
  if (!slots.isFree(slot)) assert.equal(slots.keys[slot], undefined, `${what} ${slot} has a key`)
  assert.equal(slots.values[slot], undefined, `${what} ${slot} holds a value`)
  assert.equal(slots.deadlines[slot], 0, `${what} ${slot} has a deadline`)
  assert.equal(slots.owners?.[slot], undefined, `${what} ${slot} has an owner`)
  assert.equal(slots.tags?.[slot], undefined, `${what} ${slot} bears tags`)
  assert.equal(slots.weights?.[slot] ?? 0, 0, `${what} ${slot} weighs something`)
}

function checkEntry({ slots, clock }: Store, slot: number): void {
  const deadline = slots.deadlines[slot]!
  assert.notEqual(slots.values[slot], undefined, `entry ${slot} has no value`)
  if (slots.weights) assert.ok(slots.weights[slot]! >= 0, `entry ${slot} weighs less than nothing`)
  if (slots.graces) assert.ok(slots.graces[slot]! >= 0, `entry ${slot} is kept for a time below 0`)
  if (slots.values[slot] instanceof NegativeResult) {
    assert.ok(deadline > 0 && deadline < 1, `finding ${slot} could be live`)
    return
  }
  // An entry that has expired needs no guard: no read gives it.
  const guarded = deadline < 0 || deadline <= clock.now()
  if (slots.tags?.[slot]) assert.ok(guarded, `entry ${slot} bears tags that its reads do not look at`)
  if (slots.refreshes?.[slot]) assert.ok(guarded, `entry ${slot} has a refresh that its reads do not start`)
  if (slots.lastReads) {
    assert.ok(guarded, `entry ${slot} has an idle time that its reads do not renew`)
    assert.ok(Math.abs(deadline) <= slots.ttlDeadlines![slot]!, `entry ${slot} outlives its ttl`)
    assert.ok(slots.lastReads[slot]! > 0, `entry ${slot} was never read or written`)
  }
}

// Key spaces

/** What is done to whole spaces reaches those that are behind in the sweep, and no read is calm until then. */
function checkBehind({ slots, expiry, changed }: Store, spaces: Set<Space>): void {
  if (slots.isBehind) {
    assert.ok(slots.calmUntil < 0, 'no read is calm while spaces are behind')
    assert.equal(expiry.untilSweep(), 0, 'spaces that are behind wait for the sweep')
  }
  for (const space of spaces) assert.ok(space.changed <= changed, 'a space is ahead of its store')
}

/** The private parts of what `expireAll` has begun. */
interface EndingsParts {
  readonly tables: ReadonlyMap<Table, readonly { readonly number: number; readonly at: number }[]>
  readonly settled: Float64Array
  readonly cursor: number
  readonly from: number
}

/** What `expireAll` has begun in large spaces leaves out no entry, belongs to changes that were made, and is over when nothing is behind. */
function checkEndings(store: Store, kinds: Kind[]): void {
  const { slots, endings, changed } = store
  if (endings === undefined) return
  assert.ok(slots.isBehind, 'lifetimes are about to end and nothing is behind')
  const { tables, settled, cursor, from } = endings as unknown as EndingsParts
  for (const [table, list] of tables) {
    const numbers = list.map((one) => one.number)
    const times = list.map((one) => one.at)
    assert.ok(list.length > 0, 'a table is listed whose lifetimes have not ended')
    assert.equal(new Set(times).size, list.length, 'a table has one ending for each time')
    for (const sorted of [numbers, times])
      assert.deepEqual(
        sorted,
        [...sorted].sort((a, b) => a - b),
        'endings are in the order of their changes',
      )
    const reached = table.dropped === undefined ? table.space.changed : changed
    assert.ok(numbers.at(-1)! <= reached, 'a space has not come to what has ended its lifetimes')
  }
  assert.ok(cursor >= FIRST_SLOT && cursor <= slots.end, `the way through the slots is at ${cursor}`)
  for (let slot = FIRST_SLOT; slot < cursor && cursor > FIRST_SLOT; slot++)
    assert.ok(settled[slot]! >= from || slot >= settled.length, `the way has left out slot ${slot}`)
  for (let slot = FIRST_SLOT; slot < slots.end; slot++)
    if (kinds[slot] === 'entry' && slot < settled.length)
      assert.ok(settled[slot]! <= changed, `slot ${slot} is ahead of its store`)
}

function isBehind(space: Space, { slots, changed }: Store): boolean {
  return slots.isBehind && space.changed !== changed
}

/** Every space that is in use: what the root reaches, and those of prefixes that hold an entry or ghost. */
function spacesOf({ root, slots }: Store): Set<Space> {
  const roots = new Set([root])
  for (const owner of slots.owners ?? []) {
    if (owner === undefined) continue
    let space = owner.space
    while (space.parent !== undefined) space = space.parent
    roots.add(space)
  }
  return new Set([...roots].flatMap((space) => [...space.all()]))
}

/** Each entry and each ghost is in exactly one table, its owner, under its key; and nothing else is in a table. */
function checkTables(store: Store, kinds: Kind[], spaces: Set<Space>): void {
  const { root, slots, dropped } = store
  const counts = new Map<Table, { entries: number; ghosts: number; weight: number }>()
  for (let slot = FIRST_SLOT; slot < slots.end; slot++) {
    if (kinds[slot] === 'free') continue
    const owner = slots.owners === undefined ? root.table : slots.owners[slot]
    assert.ok(owner, `${kinds[slot]} ${slot} has no owner`)
    assert.equal(owner.map.get(slots.keys[slot]), slot, `${kinds[slot]} ${slot} is not in its table`)
    const count = counts.get(owner) ?? { entries: 0, ghosts: 0, weight: 0 }
    if (kinds[slot] === 'entry') {
      count.entries++
      count.weight += slots.weights?.[slot] ?? 0
    } else count.ghosts++
    counts.set(owner, count)
  }

  const gone = new Set(dropped.map(({ table }) => table))
  assert.equal(gone.size, dropped.length, 'a table was dropped twice')
  for (const table of gone) assert.ok(table.dropped, 'a table waits to be reclaimed that was not dropped')

  for (const space of spaces) {
    const { table, map } = space
    assert.equal(map, table.map, 'a space and its table have the same Map')
    assert.equal(table.space, space, 'a table knows its space')
    assert.equal(table.dropped, undefined, 'the table in use was dropped')
    if (isBehind(space, store)) continue
    for (const [key, slot] of map) {
      assert.ok(slot >= FIRST_SLOT && slot < slots.end, `a table leads to slot ${slot}`)
      assert.notEqual(kinds[slot], 'free', `a table leads to free slot ${slot}`)
      assert.ok(sameValueZero(slots.keys[slot], key), `a table leads to slot ${slot} under another key`)
    }
    const { entries, ghosts } = counts.get(table) ?? { entries: 0, ghosts: 0 }
    assert.equal(map.size, entries + ghosts, 'a table has one key for each of its entries and ghosts')
    if (space.closed) assert.equal(map.size, 0, 'a closed space is empty')
  }

  for (const [table, { entries, weight }] of counts) {
    assert.equal(table.size, entries, 'the size of a table is the number of its entries')
    assert.equal(table.weight, weight, 'the weight of a table is that of its entries')
    const isReached = spaces.has(table.space) || isBehind(table.space, store)
    const inUse = isReached && table.space.table === table
    assert.ok(inUse !== gone.has(table), 'an owner is either in use or waiting to be reclaimed')
  }
  for (const table of [...gone, ...[...spaces].flatMap((one) => (isBehind(one, store) ? [] : one.table))])
    if (!counts.has(table)) assert.deepEqual([table.size, table.weight], [0, 0], 'an empty table')
}

/** The equality of `Map`. */
function sameValueZero(a: unknown, b: unknown): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b))
}

// Sums and bounds

function checkSums(store: Store, kinds: Kind[]): void {
  const { slots, maxEntries, maxWeight, expiry } = store
  const size = kinds.filter((kind) => kind === 'entry').length
  assert.equal(store.size, size, 'the size is the number of entries')
  const surplus = Math.max(0, size - maxEntries)
  assert.ok(surplus === 0 || store.isOver, `${size} entries, bound ${maxEntries}`)
  if (store.isOver) assert.equal(expiry.untilSweep(), 0, 'a surplus waits for the sweep')
  const weights = (kind: Kind): number =>
    slots.weights?.reduce((sum, one, slot) => (kinds[slot] === kind ? sum + one : sum), 0) ?? 0
  const [weight, ghostWeight] = [weights('entry'), weights('ghost')]
  assert.equal(store.weight, weight, 'the weight is the sum of the weights')
  assert.equal(store.ghostWeight, ghostWeight, 'the weight of ghosts is the sum of theirs')
  if (store.unit !== 'bytes') assert.equal(ghostWeight, 0, 'ghosts count only in bytes')
  const all = weight + ghostWeight
  assert.ok(all <= maxWeight || store.isOver, `weight ${all}, ghosts included, bound ${maxWeight}`)
}

// Counters

/** What is to happen to whole spaces, as far as it is looked at: by the space, or undefined for all. */
type Pending = ReadonlyMap<Space | undefined, readonly { readonly number: number; readonly deed: string }[]>

/** The counters of a space that is not behind, and those of the whole store, tell what it holds together with those inside it. */
function checkCounters(store: Store, spaces: Set<Space>): void {
  const { slots, root, prefixes } = store
  const { changes } = store as unknown as { readonly changes: Pending }
  const isEmptied = (space: Space): boolean =>
    [undefined, ...around(space)].some((one) =>
      changes.get(one)?.some(({ deed, number }) => deed !== 'expire' && number > space.changed),
    )
  const holders = new Set(spaces)
  for (const space of prefixes) for (const inside of space.all()) holders.add(inside)
  for (const owner of slots.owners ?? [])
    if (owner !== undefined && owner.dropped === undefined) holders.add(owner.space)
  const held = new Map<Space, { size: number; weight: number }>()
  const add = (space: Space, { size, weight }: Table): void => {
    const sum = held.get(space) ?? { size: 0, weight: 0 }
    held.set(space, { size: sum.size + size, weight: sum.weight + weight })
  }
  for (const space of holders)
    if (!isEmptied(space)) for (const one of new Set([...around(space), root])) add(one, space.table)
  for (const space of [...holders, root]) {
    if (space !== root && isBehind(space, store)) continue
    const { size, weight } = space.counters
    assert.deepEqual({ size, weight }, held.get(space) ?? { size: 0, weight: 0 }, 'what a space holds')
  }
}

/** A space and those around it. */
function around(space: Space): Space[] {
  return space.parent === undefined ? [space] : [space, ...around(space.parent)]
}

// The policy

/** Bits in the marks of the adaptive policy. */
const FREQUENT = 0b100
const GHOST = 0b1000

/** The private parts of the policies that are looked at. */
interface Parts {
  readonly queue: Queue
  readonly recent: Queue
  readonly frequent: Queue
  readonly ghosts: Queue
  readonly recentGhosts: number
  readonly now: number
  readonly duel: {
    readonly counts: Int32Array
    readonly shift: number
    readonly spans: number
    readonly held: number
    readonly regret: number
    readonly room: number
  }
}

/** The queues of each policy, by name. */
const queues: Record<string, readonly ('queue' | 'recent' | 'frequent' | 'ghosts')[]> = {
  Lru: ['queue'],
  Adaptive: ['recent', 'frequent', 'ghosts'],
}

/** Each entry and each ghost is in exactly one queue; each queue is a ring, linked both ways. */
function checkQueues({ slots, policy }: Store, kinds: Kind[]): void {
  const { next, prev, end } = slots
  const parts = policy as unknown as Parts
  const seen = new Set<number>()
  for (const name of queues[policy.constructor.name]!) {
    const { oldest, size } = parts[name]
    assert.equal(oldest === NONE, size === 0, `\`${name}\` has ${size} slots and begins at ${oldest}`)
    let slot = oldest
    for (let i = 0; i < size; i++, slot = next[slot]!) {
      assert.ok(slot >= FIRST_SLOT && slot < end, `\`${name}\` leads to slot ${slot}`)
      assert.ok(!seen.has(slot), `\`${name}\` meets slot ${slot} again`)
      assert.equal(kinds[slot], name === 'ghosts' ? 'ghost' : 'entry', `slot ${slot} is in \`${name}\``)
      assert.equal(prev[next[slot]!], slot, `slot ${slot} in \`${name}\` is not led back to`)
      seen.add(slot)
    }
    assert.equal(slot, oldest, `\`${name}\` is no ring`)
  }
  for (let slot = FIRST_SLOT; slot < end; slot++)
    if (kinds[slot] !== 'free') assert.ok(seen.has(slot), `${kinds[slot]} ${slot} is in no queue`)
  if (policy.constructor.name !== 'Adaptive') return
  checkMarks(parts, slots)
  checkDuel(parts)
}

/** The marks of the adaptive policy tell the queue that a slot is in, and of a ghost the one that it had left. */
function checkMarks({ recent, frequent, ghosts, recentGhosts }: Parts, slots: Slots): void {
  const places = (queue: Queue, place: number) =>
    members(queue, slots).map((slot) => slots.marks[slot]! & place)
  for (const place of places(recent, FREQUENT | GHOST)) assert.equal(place, 0, 'the mark of one in `recent`')
  for (const place of places(frequent, FREQUENT | GHOST))
    assert.equal(place, FREQUENT, 'the mark of one in `frequent`')
  for (const place of places(ghosts, GHOST)) assert.equal(place, GHOST, 'the mark of a ghost')
  const left = places(ghosts, FREQUENT).filter((place) => place === 0)
  assert.equal(recentGhosts, left.length, 'the number of ghosts that had left `recent`')
}

/** What LRU is taken to hold is the sum of the spans that it reaches back, and neither side leads by more than the room. */
function checkDuel({ duel, now }: Parts): void {
  const { counts, shift, spans, held, regret, room } = duel
  assert.ok(spans >= 1 && spans <= counts.length, `LRU reaches back ${spans} spans`)
  let sum = 0
  for (let back = 0; back < spans; back++) sum += counts[((now >>> shift) - back) & (counts.length - 1)]!
  assert.equal(held, sum, 'the keys that LRU would hold')
  assert.ok(
    regret >= Math.min(room, 0.5 - room) && regret <= room,
    `the duel stands at ${regret} with room for ${room}`,
  )
}

/** The slots of a queue, from the oldest to the newest. */
export function members({ oldest, size }: Queue, { next }: Slots): number[] {
  const members: number[] = []
  for (let slot = oldest; members.length < size; slot = next[slot]!) members.push(slot)
  return members
}

// Tags

/** An entry is in one group for each of its tags, in its space and each one around it; a group is listed until it is dead or empty. */
function checkTags(store: Store, kinds: Kind[], spaces: Set<Space>): void {
  const { slots, root } = store
  const borne = new Set<TagGroup>()
  for (let slot = FIRST_SLOT; slot < slots.end; slot++) {
    const groups = slots.tags?.[slot]
    if (kinds[slot] !== 'entry' || groups === undefined) continue
    const homes: Space[] = []
    const owner = slots.owners === undefined ? root.table : slots.owners[slot]!
    for (let space: Space | undefined = owner.space; space; space = space.parent) homes.push(space)
    const tags = new Set(groups.map((group) => group.tag))
    assert.ok(tags.size > 0, `entry ${slot} has a list of tags with none in it`)
    assert.equal(new Set(groups).size, groups.length, `entry ${slot} is in a group twice`)
    assert.equal(groups.length, tags.size * homes.length, `entry ${slot} is not in each group around it`)
    for (const group of groups) {
      borne.add(group)
      const listed = homes.some((home) => home.tags?.get(group.tag) === group)
      assert.equal(listed, !group.dead, `tag ${group.tag} of entry ${slot}: dead or listed`)
    }
  }
  for (const space of spaces) {
    if (isBehind(space, store)) continue
    for (const [tag, group] of space.tags ?? []) {
      assert.equal(group.tag, tag, 'a group is listed under its tag')
      assert.ok(!group.dead, `the dead group of tag ${tag} is listed`)
      assert.ok(borne.has(group), `the group of tag ${tag} is listed and nothing bears it`)
    }
  }
}

// Expiry

/** While reads need not look at deadlines, every value is that of a plain entry that is live. */
function checkCalm({ slots, clock, expiry }: Store, kinds: Kind[]): void {
  const { calmUntil } = slots
  assert.ok(calmUntil <= expiry.nextDeadline, 'reads are calm beyond the next deadline')
  for (let slot = FIRST_SLOT; slot < slots.end; slot++)
    if (kinds[slot] === 'entry' && calmUntil > clock.latest)
      assert.ok(slots.deadlines[slot]! >= calmUntil, `entry ${slot} expires before calm reads end`)
}

/** The longest that an entry is held after its end, in milliseconds, beyond a thousandth per slot. */
const GRAIN = 1000

/** For each entry that ends, a sweep is to come soon after its end. */
function checkSweepPlanned(store: Store, kinds: Kind[]): void {
  const { slots } = store
  const now = store.clock.read()
  let first = Infinity
  for (let slot = FIRST_SLOT; slot < slots.end; slot++) {
    if (kinds[slot] !== 'entry') continue
    const invalidated = slots.tags?.[slot]?.some((group) => group.dead)
    const end = invalidated ? now : Math.abs(slots.deadlines[slot]!) + (slots.graces?.[slot] ?? 0)
    first = Math.min(first, end)
  }
  const grain = Math.max(GRAIN, slots.end / 1000)
  const wait = store.expiry.untilSweep()
  const left = Math.max(first - now, 0)
  assert.ok(wait <= left + grain, `the next sweep is in ${wait} ms, an entry ends in ${left} ms`)
}
