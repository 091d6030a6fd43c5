/** LRU's last uses are counted in so many spans of insertions at most, a power of two; about a quarter to a half of them are in use. */
const SPANS = 256
const MOST_SHIFT = 20
/** The share of `lost` that one sample moves. */
const LOST_STEP = 1 / 32
/** LRU is followed for this many capacities of evictions, then has to prove itself again. */
const TERM = 64
/** How far below zero `regret` begins then, and above when LRU begins to be followed, as a share of the capacity. */
const TRIAL = 0.25
/** While LRU is followed, what is used again at an age within this share of its reach tells whether its reach is long enough. */
const CLOSE = 0.1

/**
 * Tells whether the cache would do better as LRU, without keeping what LRU would keep. Times count insertions; an age is one since
 * the last use.
 *
 * 1. LRU would hold the keys used last, as many as there is room for. So it is enough to count keys by the time of their last use: the
 *    newest spans that sum up to the room are its reach. (Hits by stack distance, Mattson et al. 1970, in spans instead of a stack.)
 * 2. A hit beyond its reach is one that LRU would not have had: `regret` falls. A ghost that returns within it is one that LRU would
 *    have had: `regret` rises. Above zero LRU is followed.
 * 3. A loop is used at one age only, and a reach that is known in spans cannot tell whether LRU would hold it. So within a span LRU is
 *    believed, and tried: while it is followed, a hit at about its reach speaks for it, and a ghost that returns there against it.
 * 4. `regret` stays within a capacity of zero and begins at the bottom: a switch costs a cache of misses, and needs evidence worth as many.
 * 5. A cache that follows LRU does not see what it misses by that. So it returns after a time, and LRU has to prove itself again.
 */
export class Duel {
  room!: number
  /** Hits that LRU would have had more than there were. A fraction, so that V8 keeps it as a double from the start. */
  regret = 0.5
  /** Keys that LRU would hold and that are not remembered, as a share of the room. */
  lost = 0.5
  /** Keys by the span of their last use; a ring. What the span under way inserts is counted when it begins. */
  readonly counts: Int32Array = new Int32Array(SPANS)
  /** Insertions of a span, as a power of two. */
  shift = -1
  /** Spans that LRU reaches back, and the sum of their counts. */
  spans!: number
  held!: number
  /** Evictions since LRU is followed. */
  followed = 0
  /** A span begins at times that have none of these bits. */
  inSpan!: number

  constructor(room: number) {
    this.resize(room, 0)
    this.clear(0)
  }

  clear(now: number): void {
    this.regret = Math.min(this.room, 0.5 - this.room)
    this.lost = this.followed = 0
    this.begin(now)
  }

  resize(room: number, now: number): void {
    this.room = room
    this.regret = Math.min(room, Math.max(0.5 - room, this.regret))
    const spans = room / 2 ** this.shift
    if (this.shift >= 0 && spans < 192 && (spans >= 32 || this.shift === 0)) return
    this.shift = Math.min(MOST_SHIFT, Math.max(0, Math.floor(Math.log2(room / 64))))
    this.inSpan = 2 ** this.shift - 1
    this.begin(now)
  }

  /** Counts anew: nothing is known of what was used before. */
  begin(now: number): void {
    this.spans = 1
    this.held = this.counts[this.at(now)] = this.inSpan + 1
  }

  get favoursLru(): boolean {
    return this.regret > 0
  }

  /** The age of what LRU would evict next. */
  reach(now: number): number {
    return ((this.spans - 1) << this.shift) + (now & this.inSpan)
  }

  /** A span begins; the age is that of a ghost about to be forgotten, Infinity where none has to be. */
  advance(now: number, forgotten: number): void {
    const span = this.at(now)
    // Where all spans are in use, the oldest is in the new one's place.
    if (this.spans < SPANS) this.spans++
    else this.held -= this.counts[span]
    this.held += this.counts[span] = this.inSpan + 1
    while (this.held - this.inSpan > this.room && this.spans > 1) this.dropSpan(now)
    this.lost += LOST_STEP * (Math.max(0, this.reach(now) - forgotten) / this.room - this.lost)
  }

  /** An entry of this age was hit. */
  hit(now: number, age: number): void {
    const margin = this.margin(now)
    const beyond = this.leave(now, age)
    if (beyond > margin) this.move(-1)
    else if (this.favoursLru && beyond > -margin) this.move(1)
    this.counts[this.at(now)]++
    this.held++
  }

  /** A ghost of this age returned. The more of what LRU would hold is forgotten, the more such a ghost stands for. */
  missed(now: number, age: number): void {
    const margin = this.margin(now)
    const beyond = this.leave(now, age)
    if (beyond > margin) return
    const lost = Math.min(0.5, this.lost)
    if (!this.favoursLru) this.move((1 + lost) / (1 - lost))
    else if (beyond > -margin) this.move(-1)
  }

  /** A key of this age is not known any more, or was used again. Gives how much older it is than what LRU would evict next. */
  leave(now: number, age: number): number {
    const beyond = age - this.reach(now)
    if (beyond <= 0) {
      this.counts[this.at(now - age)]--
      this.held--
    }
    return beyond
  }

  /** LRU decides over an eviction. */
  follow(): void {
    if (++this.followed > TERM * this.room) this.regret = -TRIAL * this.room
  }

  /** How far from the reach an age may be and still count as at it. */
  private margin(now: number): number {
    return this.inSpan + 1 + (this.favoursLru ? CLOSE * this.reach(now) : 0)
  }

  private move(by: number): void {
    const { room, favoursLru } = this
    this.regret = Math.min(room, Math.max(0.5 - room, this.regret + by))
    if (favoursLru === this.favoursLru) return
    this.followed = 0
    this.regret = favoursLru ? 0.5 - room : TRIAL * room
  }

  private dropSpan(now: number): void {
    this.spans--
    this.held -= this.counts[this.at(now - (this.spans << this.shift))]
  }

  at(time: number): number {
    return (time >>> this.shift) & (SPANS - 1)
  }
}
