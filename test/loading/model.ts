/** The settings of loads that the model knows, in milliseconds; `refreshAhead` is a share, 0 for none. */
export interface ModelSettings {
  readonly ttl: number
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
  readonly errorBackoff: number
  readonly refreshAhead: number
  readonly softTimeout: number
  readonly hardTimeout: number
  readonly negativeTtl: number
  readonly errorTtl: number
}

/** What a caller has been given so far. */
export type Outcome = 'waiting' | { readonly given: unknown } | { readonly failed: unknown }

/** A call that may still be waiting: what it will be given instead of an error, if anything, and before when; until when it waits. */
export interface Caller {
  outcome: Outcome
  readonly standIn: unknown
  readonly standsUntil: number
  readonly until: number
}

interface Entry {
  readonly value: unknown
  deadline: number
  due: number
  rests: number
  readonly tagged: boolean
}

/** What a load found out that is no value. */
interface NegativeResult {
  readonly outcome: Outcome
  readonly until: number
  readonly tagged: boolean
}

export interface Flight {
  readonly key: string
  readonly tagged: boolean
  readonly start: number
  readonly callers: Set<Caller>
  /** Goes on with nobody waiting. */
  refreshes: boolean
  /** It timed out, or all who waited have left. */
  givenUp: boolean
  landed: boolean
}

/** Loads of one cache without bounds, slow and obvious. A tag is one that all `tagged` bear. */
export class Model {
  time = 0
  loads = 0
  errors = 0
  readonly #settings: ModelSettings
  readonly #entries = new Map<string, Entry>()
  readonly #findings = new Map<string, NegativeResult>()
  /** The loads that may store. */
  readonly #listed = new Map<string, Flight>()
  /** All that have not landed. */
  readonly flights = new Set<Flight>()

  constructor(settings: ModelSettings) {
    this.#settings = settings
  }

  /** The live value under a key. */
  live(key: string): unknown {
    const entry = this.#entries.get(key)
    return entry !== undefined && entry.deadline > this.time ? entry.value : undefined
  }

  call(key: string, tagged: boolean): Caller {
    const { staleWhileRevalidate, staleIfError } = this.#settings
    const entry = this.#entries.get(key)
    const finding = this.#findings.get(key)
    if (finding !== undefined && finding.until > this.time) return settled(finding.outcome)
    if (entry === undefined) return this.#wait(key, tagged, undefined, 0)
    const age = this.time - entry.deadline
    if (age < 0) {
      if (entry.due <= this.time) this.#refresh(key, tagged)
      return settled({ given: entry.value })
    }
    const rests = entry.rests > this.time
    if (age < staleWhileRevalidate || (rests && age < staleIfError)) {
      if (!rests) this.#refresh(key, tagged)
      return settled({ given: entry.value })
    }
    return this.#wait(
      key,
      tagged,
      age < staleIfError ? entry.value : undefined,
      entry.deadline + staleIfError,
    )
  }

  /** A caller leaves. */
  abort(caller: Caller, reason: unknown): void {
    for (const flight of this.flights) {
      if (!flight.callers.delete(caller)) continue
      caller.outcome = { failed: reason }
      if (flight.callers.size === 0 && !flight.refreshes) flight.givenUp = true
    }
  }

  /** A loader ends: with a value, with `undefined`, or with an error. */
  land(flight: Flight, result: { readonly value: unknown } | { readonly error: unknown }): void {
    flight.landed = true
    this.flights.delete(flight)
    if ('error' in result) this.#fail(flight, result.error)
    else {
      for (const caller of flight.callers) caller.outcome = { given: result.value }
      if (this.#mayStore(flight)) this.#keep(flight, result.value)
    }
    if (this.#listed.get(flight.key) === flight) this.#listed.delete(flight.key)
  }

  set(key: string, value: unknown, ttl: number, tagged: boolean): void {
    const { refreshAhead } = this.#settings
    this.delete(key)
    const due = refreshAhead === 0 ? Infinity : this.time + ttl * refreshAhead
    this.#entries.set(key, { value, deadline: this.time + ttl, due, rests: 0, tagged })
  }

  delete(key: string): void {
    this.#entries.delete(key)
    this.#findings.delete(key)
    this.#listed.delete(key)
  }

  touch(key: string, ttl: number): boolean {
    const { refreshAhead } = this.#settings
    if (ttl <= 0) this.#listed.delete(key)
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.deadline <= this.time) return false
    if (ttl <= 0) this.delete(key)
    else {
      entry.deadline = this.time + ttl
      entry.due = refreshAhead === 0 ? Infinity : Math.max(this.time + ttl * refreshAhead, entry.rests)
    }
    return true
  }

  expire(key: string): void {
    this.#listed.delete(key)
    const entry = this.#entries.get(key)
    if (entry !== undefined && entry.deadline > this.time) entry.deadline = this.time
    this.#forget()
  }

  clear(): void {
    for (const map of [this.#entries, this.#findings, this.#listed]) map.clear()
  }

  deleteByTag(): void {
    for (const map of [this.#entries, this.#findings, this.#listed])
      for (const [key, { tagged }] of map) if (tagged) map.delete(key)
  }

  /** Time goes on, past each timeout in turn. */
  advance(ms: number): void {
    for (const end = this.time + ms; ; ) {
      const next = Math.min(...[...this.flights].flatMap((flight) => this.#timers(flight)))
      if (next > end) {
        this.time = end
        this.#forget()
        return
      }
      this.time = next
      this.#forget()
      for (const flight of this.flights) this.#timeOut(flight)
    }
  }

  #timers(flight: Flight): number[] {
    const { hardTimeout } = this.#settings
    const own = flight.givenUp ? Infinity : flight.start + hardTimeout
    return [own, ...[...flight.callers].map(({ until }) => until)]
  }

  #timeOut(flight: Flight): void {
    if (!flight.givenUp && flight.start + this.#settings.hardTimeout <= this.time) {
      this.#fail(flight, 'TIMEOUT')
      flight.givenUp = true
      flight.callers.clear()
    }
    for (const caller of flight.callers) {
      if (caller.until > this.time) continue
      flight.callers.delete(caller)
      flight.refreshes = true
      caller.outcome = { given: caller.standIn }
    }
  }

  /** What is past its time is gone. */
  #forget(): void {
    const keep = Math.max(this.#settings.staleWhileRevalidate, this.#settings.staleIfError)
    for (const [key, { deadline }] of this.#entries)
      if (deadline + keep <= this.time) this.#entries.delete(key)
    for (const [key, { until }] of this.#findings) if (until <= this.time) this.#findings.delete(key)
  }

  #joinable(key: string): Flight | undefined {
    const flight = this.#listed.get(key)
    return flight?.givenUp ? undefined : flight
  }

  #start(key: string, tagged: boolean, refreshes: boolean): Flight {
    const flight: Flight = {
      ...{ key, tagged, start: this.time, callers: new Set<Caller>() },
      ...{ refreshes, givenUp: false, landed: false },
    }
    this.#listed.set(key, flight)
    this.flights.add(flight)
    this.loads++
    return flight
  }

  #refresh(key: string, tagged: boolean): void {
    if (this.#joinable(key) === undefined) this.#start(key, tagged, true)
  }

  #wait(key: string, tagged: boolean, standIn: unknown, standsUntil: number): Caller {
    const flight = this.#joinable(key) ?? this.#start(key, tagged, false)
    const until = this.time + this.#settings.softTimeout
    const caller: Caller = {
      outcome: 'waiting',
      standIn,
      standsUntil,
      until: until < standsUntil ? until : Infinity,
    }
    flight.callers.add(caller)
    return caller
  }

  #mayStore(flight: Flight): boolean {
    return this.#listed.get(flight.key) === flight
  }

  #keep(flight: Flight, value: unknown): void {
    const { key, tagged } = flight
    const { ttl, negativeTtl } = this.#settings
    if (value !== undefined) this.set(key, value, ttl, tagged)
    else {
      this.delete(key)
      if (negativeTtl > 0)
        this.#findings.set(key, { outcome: { given: undefined }, until: this.time + negativeTtl, tagged })
    }
  }

  #fail(flight: Flight, error: unknown): void {
    if (flight.givenUp) return
    const callers = [...flight.callers]
    for (const caller of callers)
      caller.outcome =
        caller.standIn !== undefined && this.time < caller.standsUntil
          ? { given: caller.standIn }
          : { failed: error }
    // An error is reported where nobody sees it.
    if (callers.every(({ outcome }) => 'given' in (outcome as object))) this.errors++
    if (!this.#mayStore(flight)) return
    const { errorBackoff, errorTtl } = this.#settings
    const { key, tagged } = flight
    const entry = this.#entries.get(key)
    if (entry !== undefined) {
      entry.rests = this.time + errorBackoff
      if (entry.due !== Infinity) entry.due = entry.rests
    } else if (errorTtl > 0) {
      this.#findings.set(key, { outcome: { failed: error }, until: this.time + errorTtl, tagged })
    }
  }
}

function settled(outcome: Outcome): Caller {
  return { outcome, standIn: undefined, standsUntil: 0, until: Infinity }
}
