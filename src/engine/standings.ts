import { Adaptive, marks } from '../policies/adaptive.ts'
import type { Policy } from '../policies/policy.ts'

const { FREQUENT, GHOST, TICK, TIME_SHIFT } = marks

/** What a policy knows besides the order of slots and their marks, in numbers that survive JSON. */
export type PolicyState = Readonly<Record<string, number>>

/** What a policy knows of its keys, as it can be kept outside the process and given to a policy of the same kind. */
export interface Standings {
  /** Tells what the marks of this moment mean: a number for each, whatever the policy does later. */
  meaning(): (mark: number) => number
  state(): PolicyState
  /** Has the policy go on from such a state while nothing is held yet; in a cache that is larger than that one was, as one that has grown. */
  resume(state: PolicyState, isLarger: boolean): void
  /** A slot that was inserted just now has this standing, and is the newest of its queue; it does not count as an insertion. */
  reinstate(slot: number, standing: number): void
  /** The key in a slot that holds no entry is remembered with this standing; false where there is no room for another. */
  recall(slot: number, standing: number): boolean
  /** Whether that standing is one of a key that is only remembered. */
  isGhost(standing: number): boolean
  /** Whether that standing is one of an entry that was used again while it was held; false for all where that makes no difference. */
  isFrequent(standing: number): boolean
}

export function standingsOf(policy: Policy): Standings {
  return policy instanceof Adaptive ? new AdaptiveStandings(policy) : ORDER_ONLY
}

/** Of a policy that knows nothing but the order. */
const ORDER_ONLY: Standings = {
  meaning: () => () => 0,
  state: () => ({}),
  resume: () => {},
  reinstate: () => {},
  recall: () => false,
  isGhost: () => false,
  isFrequent: () => false,
}

/** A count of the duel is in the state under this name and the number of its span, counted back from the one under way. */
const SPAN = 'span'

/** Where the duel stood, and at which time it goes on from there. */
interface Resumed {
  readonly regret: number
  readonly lost: number
  readonly counts: Int32Array
  readonly spans: number
  readonly held: number
  readonly now: number
}

/** A standing is a mark with the age in insertions in place of the time. */
class AdaptiveStandings implements Standings {
  private readonly policy: Adaptive
  private resumed: Resumed | undefined = undefined

  constructor(policy: Adaptive) {
    this.policy = policy
  }

  meaning(): (mark: number) => number {
    const now = this.policy.time | (TICK - 1)
    return (mark) => ((now - mark) >>> TIME_SHIFT) * TICK + (mark & (TICK - 1))
  }

  state(): PolicyState {
    const { target, isFilling, room, random } = this.policy
    const own = {
      target,
      isFilling: Number(isFilling),
      room: Math.min(room, Number.MAX_SAFE_INTEGER),
      random,
    }
    return { ...own, ...this.duelState() }
  }

  resume(state: PolicyState, isLarger: boolean): void {
    const { policy } = this
    const { target, isFilling, room, random } = state
    if (target! >= 0.5) policy.target = target!
    if ((random! | 0) !== 0) policy.random = random! | 0
    policy.isFilling = isFilling !== 0 || isLarger
    if (!policy.isFilling && room! >= 1) policy.setRoom(Math.min(policy.capacity, room!))
    if (room === policy.room) this.resumeDuel(state)
  }

  reinstate(slot: number, standing: number): void {
    const { policy } = this
    policy.takeOff(slot)
    policy.time = (policy.time - TICK) | 0
    this.putBackDuel()
    this.place(slot, standing)
  }

  recall(slot: number, standing: number): boolean {
    const { policy } = this
    if (!this.isGhost(standing) || policy.ghosts.size >= policy.mostGhosts) return false
    if ((standing & FREQUENT) === 0) policy.recentGhosts++
    this.place(slot, standing)
    return true
  }

  isGhost(standing: number): boolean {
    return (standing & GHOST) !== 0
  }

  isFrequent(standing: number): boolean {
    return (standing & FREQUENT) !== 0
  }

  private place(slot: number, standing: number): void {
    const { policy } = this
    const mark = (policy.time - Math.floor(standing / TICK) * TICK) | (standing & (TICK - 1))
    policy.slots.marks[slot] = mark
    policy.queueOf(mark).push(slot)
  }

  // The duel

  /** Nothing while there is no bound to measure by. */
  private duelState(): PolicyState {
    const { duel, now, room } = this.policy
    if (room === Number.POSITIVE_INFINITY) return {}
    const { regret, lost, followed, shift, spans } = duel
    const state: Record<string, number> = { regret, lost, followed, shift, inSpan: now & duel.inSpan }
    for (let i = 0; i < spans; i++) state[SPAN + i] = duel.counts[duel.at(now - (i << shift))]
    return state
  }

  /** Goes on from the state of a duel with the same room, at a time that is as far in its span. */
  private resumeDuel(state: PolicyState): void {
    const { policy } = this
    const { duel } = policy
    const { regret, lost, followed, shift, inSpan } = state
    if (shift !== duel.shift || !(regret! <= duel.room && lost! >= 0 && lost! <= 1 && followed! >= 0)) return
    const now = policy.now + ((inSpan! - policy.now) & duel.inSpan)
    const counts = new Int32Array(duel.counts.length)
    let spans = 0
    let held = 0
    for (; spans < counts.length && state[SPAN + spans] !== undefined; spans++)
      held += counts[duel.at(now - (spans << shift))] = state[SPAN + spans]! | 0
    if (spans === 0) return
    policy.time = now << TIME_SHIFT
    duel.followed = followed!
    this.resumed = { regret: Math.max(0.5 - duel.room, regret!), lost: lost!, counts, spans, held, now }
    this.putBackDuel()
  }

  /** An entry was put back that is no insertion: the duel stands where it did, unless something else was inserted meanwhile. */
  private putBackDuel(): void {
    const { resumed } = this
    const { duel, now } = this.policy
    if (resumed?.now !== now) {
      duel.begin(now)
      return
    }
    duel.regret = resumed.regret
    duel.lost = resumed.lost
    duel.counts.set(resumed.counts)
    duel.spans = resumed.spans
    duel.held = resumed.held
  }
}
