import { Queue } from '../core/queue.ts'
import { NONE, type Slots } from '../core/slots.ts'
import { Duel } from './duel.ts'
import type { Policy } from './policy.ts'

/*
 * A slot's mark, in 32 bits:
 *
 *     time of the last use, in insertions (28) │ is a ghost (1) │ is frequent (1) │ uses since the hand passed (2)
 */
const USES = 0b11
const FREQUENT = 0b100
const GHOST = 0b1000
const PLACE = FREQUENT | GHOST
const TICK = 0b10000
const TIME_SHIFT = 4
/** The same for others. What a module exports V8 reads anew at each use; these it knows when it compiles. */
export const marks: { readonly [part in 'FREQUENT' | 'GHOST' | 'TICK' | 'TIME_SHIFT']: number } = {
  FREQUENT,
  GHOST,
  TICK,
  TIME_SHIFT,
}

/** The least that `recent` is to hold, as a share of the capacity. */
const SMALLEST_RECENT = 0.02
/** Ghosts as a share of the capacity; a cache of fewer than LEAST_GHOSTS entries has as many ghosts as entries. */
const GHOST_SHARE = 0.4
const LEAST_GHOSTS = 512
/** A share that is enough where the Map of all keys can stay half as large for it. */
const ENOUGH_GHOSTS = 0.3
/** What sat unused in `frequent` for this many capacities of insertions is given up. */
const GIVE_UP_AFTER = 128
/** Where the random numbers begin, as V8's small integer: a larger one would make all that follow doubles. */
const SEED = 2_463_534_242 | 0
/** Uses within so many insertions of the last one that counted are one use; in a small cache, within that share of its capacity. */
const BURST = 8
const BURST_SHARE = 0.16
/** How far the hand turns for one eviction at most. */
const HAND_LIMIT = 64
/** What comes from `recent` to `frequent` for one eviction at most while LRU is followed. */
const MERGED = 4
/** While LRU is followed, what is older than this share of its reach goes. */
const NEAR_REACH = 0.9

/**
 * Keeps what is used often through scans, loops and one-off keys, and tunes itself to the workload by what comes back.
 *
 *     new key ──► recent ──── used when its turn to leave comes ────► frequent ◄─┐ used: another round
 *                   │ unused                                             │ └────┘
 *                   ▼                                                    ▼ unused
 *                 ghosts (keys only) ── a ghost that returns ──► frequent, or recent
 *
 * 1. A use stores one integer in the entry: the time, counted in insertions, and the number of uses, at most 3. Nothing moves,
 *    except while LRU is followed.
 *    A use within a few insertions of the last one that counted belongs to the same burst and writes nothing, so a key that is read twice
 *    in a row has not proven that it comes back. (CLOCK, Corbató 1968; S3-FIFO, Yang et al. 2023; the correlated reference period of
 *    LRU-K, O'Neil et al. 1993)
 * 2. The target size of `recent` follows the ghosts that return: up for one that had left `recent`, down for one that had left
 *    `frequent`, by the ratio of their numbers. (ARC, Megiddo and Modha 2003; as clocks CAR, Bansal and Modha 2004)
 * 3. A ghost that returns enters `frequent`, and may raise the target, only if the entry that would make room for it there was last used
 *    before it was. Otherwise what is there has proven better, and a loop larger than the cache cannot wash it out.
 *    (The criterion of LIRS, Jiang and Zhang 2002, on times instead of a stack.)
 * 4. A ghost unused for more than a capacity of insertions does not raise the target: no size of `recent` would have kept it.
 * 5. Of the two oldest ghosts one is forgotten, by lot, and the other gets another round: so a thin memory reaches far back, and long
 *    loops are seen with few ghosts.
 * 6. Until the cache is full for the first time new keys enter `frequent`: a set that stays when a loop larger than the cache comes round.
 * 7. What sat unused in `frequent` for very long is given up even if newer keys have yet to prove themselves.
 * 8. While the cache would do better as LRU, each use makes its entry the newest, and the oldest goes. (`Duel`)
 */
export class Adaptive implements Policy {
  readonly slots: Slots
  capacity: number
  private readonly scale: number
  /** The capacity in entries as it shows when one has to go: another bound may hold than that by entries. */
  room!: number
  private recent!: Queue
  private frequent!: Queue
  ghosts!: Queue
  /** Ghosts that had left `recent`; the others had left `frequent`. */
  recentGhosts!: number
  /** Number of ghosts that are kept. */
  mostGhosts!: number
  /** Number of insertions that a burst of uses lasts; none while LRU is followed. */
  private burst!: number
  /** The same while it is not. */
  private usualBurst!: number
  /** Number of entries that `recent` is to hold. A fraction before it is 1, so that V8 keeps it as a double from the start. */
  target = 0.5
  isFilling!: boolean
  /** The time, in the upper bits as in marks; it wraps round, and ages are differences. */
  time!: number
  random!: number
  readonly duel: Duel
  /** Where the key that was admitted goes. */
  private destination = 0

  /** With a scale below 1 it stands for a policy of a capacity so many times as large: what is not in proportion to the capacity is scaled too. */
  constructor(slots: Slots, capacity: number, scale = 1) {
    this.slots = slots
    this.capacity = capacity
    this.scale = scale
    this.time = 0
    this.duel = new Duel(capacity)
    this.setRoom(capacity)
    this.slots.expect(capacity + this.mostGhosts)
    this.clear()
  }

  use(slot: number): void {
    const { marks } = this.slots
    const mark = marks[slot]
    const age = ((this.time | (TICK - 1)) - mark) >>> TIME_SHIFT
    if (age >= this.burst) this.countUse(slot, mark, age)
  }

  /** Counts a use that does not follow another at once. */
  private countUse(slot: number, mark: number, age: number): void {
    const { marks } = this.slots
    this.duel.hit(this.now, age)
    const uses = mark & USES
    marks[slot] = this.time | (mark & PLACE) | (uses < USES ? uses + 1 : USES)
    if (this.duel.favoursLru && (mark & FREQUENT) !== 0) this.frequent.renew(slot)
  }

  admit(ghost: number): void {
    if (ghost !== NONE) this.duel.missed(this.now, this.age(ghost))
    this.time = (this.time + TICK) | 0
    if ((this.now & this.duel.inSpan) === 0) this.duel.advance(this.now, this.ageOfOldestGhost())
    this.destination = this.isFilling || this.duel.favoursLru ? FREQUENT : 0
    if (ghost !== NONE) this.readmit(ghost)
  }

  insert(slot: number): void {
    this.slots.marks[slot] = this.time | this.destination
    if (this.destination === 0) this.recent.push(slot)
    else this.frequent.push(slot)
  }

  victim(now: number): number {
    const { recent, frequent } = this
    this.isFilling = false
    const room = Math.min(this.capacity, recent.size + frequent.size)
    if (room !== this.room) this.setRoom(room)
    const { favoursLru } = this.duel
    this.burst = favoursLru ? 0 : this.usualBurst
    const slot = favoursLru ? this.leastRecent() : this.candidate(now)
    if (slot !== NONE) (slot === recent.oldest ? recent : frequent).remove(slot)
    return slot
  }

  /** The oldest of `recent` or of `frequent`, whichever has to go; NONE when both are empty. */
  private candidate(now: number): number {
    const { recent, frequent, room } = this
    const stale = frequent.oldest
    if (stale !== NONE && this.age(stale) > GIVE_UP_AFTER * room) {
      if (recent.size > 0) this.promote(recent.oldest)
      return stale
    }
    const target = Math.min(this.target, room)
    for (let steps = 0; recent.size > 0 && (recent.size >= target || frequent.size === 0); steps++) {
      const slot = recent.oldest
      if (this.isSpent(slot, now) || steps >= HAND_LIMIT) return slot
      this.promote(slot)
    }
    return frequent.size === 0 ? NONE : this.turnHand(now)
  }

  /**
   * What LRU would evict. What was used since LRU is followed is in its order; of what was not, an entry goes that is nearly as old as its
   * reach: the first of that age that the hand meets, else the oldest.
   */
  private leastRecent(): number {
    const { recent, frequent, duel } = this
    duel.follow()
    for (let moved = 0; recent.size > 0 && moved < MERGED; moved++) this.promote(recent.oldest)
    const enough = NEAR_REACH * duel.reach(this.now)
    for (let steps = 0; steps < HAND_LIMIT; steps++) {
      const age = this.age(frequent.oldest)
      if (age < duel.followed || age >= enough) break
      frequent.pass()
    }
    return frequent.oldest
  }

  addGhost(slot: number): number {
    const { ghosts } = this
    const { marks } = this.slots
    if ((marks[slot] & FREQUENT) === 0) this.recentGhosts++
    marks[slot] |= GHOST
    if (ghosts.size < this.mostGhosts) {
      ghosts.push(slot)
      return NONE
    }
    const ghost = this.drawOne()
    ghosts.replace(ghost, slot)
    return ghost
  }

  dropSurplusGhost(): number {
    return this.ghosts.size <= this.mostGhosts ? NONE : this.dropGhost()
  }

  dropGhost(): number {
    const { ghosts } = this
    if (ghosts.size === 0) return NONE
    const ghost = this.drawOne()
    ghosts.remove(ghost)
    return ghost
  }

  remove(slot: number): void {
    this.duel.leave(this.now, this.age(slot))
    this.takeOff(slot)
  }

  relocate(from: number, to: number): void {
    this.queueOf(this.slots.marks[to]).replace(from, to)
  }

  resize(capacity: number): void {
    if (capacity > this.capacity) this.isFilling = true
    this.capacity = capacity
    this.setRoom(capacity)
    this.slots.expect(capacity + this.mostGhosts)
  }

  clear(): void {
    this.recent = new Queue(this.slots)
    this.frequent = new Queue(this.slots)
    this.ghosts = new Queue(this.slots)
    this.recentGhosts = 0
    this.target = 1
    this.isFilling = true
    this.time = 0
    this.random = SEED
    this.duel.clear(0)
  }

  get queues(): readonly Queue[] {
    return [this.ghosts, this.recent, this.frequent]
  }

  /** A ghost's key comes back: it is no ghost any more. */
  private readmit(ghost: number): void {
    if (this.destination === 0 && this.hasWon(ghost)) this.destination = FREQUENT
    this.takeOff(ghost)
  }

  /** Takes an entry or a ghost off its queue. */
  takeOff(slot: number): void {
    const mark = this.slots.marks[slot]
    if ((mark & PLACE) === GHOST) this.recentGhosts--
    this.queueOf(mark).remove(slot)
  }

  setRoom(room: number): void {
    this.room = room
    this.duel.resize(room, this.now)
    this.mostGhosts = Math.floor(this.scale * ghostsOf(room / this.scale))
    this.burst = this.usualBurst = Math.max(1, Math.floor(Math.min(BURST * this.scale, BURST_SHARE * room)))
  }

  /** Whether a ghost that returns enters `frequent`; moves the target. */
  private hasWon(ghost: number): boolean {
    const { marks } = this.slots
    const room = this.room
    const isOlderThere =
      this.frequent.size === 0 || this.age(this.turnHand(Number.NEGATIVE_INFINITY)) > this.age(ghost)
    const fromRecent = this.recentGhosts
    const fromFrequent = this.ghosts.size - fromRecent
    if ((marks[ghost] & FREQUENT) !== 0) {
      this.target = Math.max(1, SMALLEST_RECENT * room, this.target - Math.max(1, fromRecent / fromFrequent))
    } else if (isOlderThere && this.age(ghost) <= room) {
      this.target = Math.min(room, this.target + Math.max(1, fromFrequent / fromRecent))
    }
    return isOlderThere
  }

  /** Turns the hand to an entry of `frequent` with no uses left or no time left. Hits pay for it: each step takes back a use. */
  private turnHand(now: number): number {
    const { marks } = this.slots
    for (let steps = 0; ; steps++) {
      const slot = this.frequent.oldest
      if (this.isSpent(slot, now) || steps >= HAND_LIMIT) return slot
      marks[slot]--
      this.frequent.pass()
    }
  }

  private isSpent(slot: number, now: number): boolean {
    const { marks, deadlines } = this.slots
    return (marks[slot] & USES) === 0 || Math.abs(deadlines[slot]) <= now
  }

  /** From `recent` to `frequent`, its uses spent. */
  private promote(slot: number): void {
    const { marks } = this.slots
    this.recent.remove(slot)
    marks[slot] = (marks[slot] & ~USES) | FREQUENT
    this.frequent.push(slot)
  }

  /** The time in insertions, modulo 2^28. */
  get now(): number {
    return this.time >>> TIME_SHIFT
  }

  private ageOfOldestGhost(): number {
    const { ghosts } = this
    return ghosts.size < this.mostGhosts ? Number.POSITIVE_INFINITY : this.age(ghosts.oldest)
  }

  /** Insertions since the last use, modulo 2^28. */
  private age(slot: number): number {
    return ((this.time | (TICK - 1)) - this.slots.marks[slot]) >>> TIME_SHIFT
  }

  queueOf(mark: number): Queue {
    if ((mark & GHOST) !== 0) return this.ghosts
    return (mark & FREQUENT) === 0 ? this.recent : this.frequent
  }

  /** The one of the two oldest ghosts that has to go, by lot; the other gets another round. */
  private drawOne(): number {
    const { ghosts } = this
    const one = ghosts.pass()
    const other = ghosts.pass()
    this.random = xorshift(this.random)
    // A choice without a branch: no processor could foresee it.
    const ghost = one ^ ((one ^ other) & (this.random >> 31))
    if ((this.slots.marks[ghost] & FREQUENT) === 0) this.recentGhosts--
    return ghost
  }
}

/**
 * Number of ghosts beside so many entries. V8 gives a Map in which keys come and go a table for twice as many keys as it has, rounded up to
 * a power of two; a few ghosts less where that halves the table.
 */
function ghostsOf(entries: number): number {
  const wanted = GHOST_SHARE * entries
  if (wanted < LEAST_GHOSTS) return Math.min(LEAST_GHOSTS, entries)
  const fitting = 2 ** Math.floor(Math.log2(entries + wanted)) - entries
  return fitting < ENOUGH_GHOSTS * entries ? wanted : fitting
}

/** The next of a row of 32 random bits (Marsaglia 2003). */
function xorshift(bits: number): number {
  let x = bits
  x ^= x << 13
  x ^= x >>> 17
  return x ^ (x << 5)
}
