import type { Clock } from '../core/clock.ts'
import type { Serializer } from '../serialize.ts'
import { Codec, type Encoded } from './codec.ts'
import { Follower, type RingBounds } from './follower.ts'
import type { Host, OnFault } from './host.ts'
import type { Cover, Message } from './message.ts'
import type { Near } from './near.ts'
import { Outage } from './outage.ts'
import { type Item, Outbox } from './outbox.ts'
import { RemoteValues, type StoreTerms, type Token } from './remote-values.ts'
import { Requests } from './requests.ts'
import type { Push, StoredValue, Tier, TierWrite } from './tier.ts'
import type { TieredSettings } from './tiered-options.ts'
import { UnderWay } from './under-way.ts'

/**
 * What keeps the local part of a tiered cache true: invalidations that are told to all, and how long what is held may be trusted. The rules
 * are those of docs/design/tiers.md.
 */
export class Protocol {
  readonly near: Near
  readonly settings: TieredSettings
  readonly codec: Codec
  readonly underWay: UnderWay = new UnderWay()
  readonly requests: Requests
  readonly follower: Follower
  readonly outbox: Outbox
  readonly values: RemoteValues
  /** How often all that is held here was given up. */
  distrusts = 0
  isClosed = false
  readonly #tier: Tier
  readonly #host: Host
  readonly now: () => number
  readonly outage: Outage
  readonly onFault: OnFault
  #firstAnswer: Promise<void> | undefined
  #stopBeat: (() => void) | undefined
  #retry: (() => void) | undefined
  #stopPush: (() => unknown) | undefined
  #whenReady: (() => void)[] = []

  constructor(
    near: Near,
    settings: TieredSettings,
    serializer: Serializer,
    tier: Tier,
    push: Push | undefined,
    host: Host,
    clock: Clock,
    onFault: OnFault,
    ring?: RingBounds,
  ) {
    this.near = near
    this.settings = settings
    this.codec = new Codec(serializer, settings.compress, settings.maxValueBytes)
    this.#tier = tier
    this.#host = host
    this.now = () => clock.recent()
    const { now } = this
    this.onFault = onFault
    const what = tier.isBus ? 'bus' : 'tier'
    this.outage = new Outage(settings.name, tier.isBus ? 'bus' : 'second tier', {
      now,
      onFault: (error) => onFault(what, error),
      counts: () => ({
        replayed: this.outbox.replayed,
        heard: this.follower.counts.heard,
        lost: this.follower.counts.lost,
        // At the first time there is nothing yet to be given up.
        unknown: Math.max(1, this.follower.counts.anchorings),
      }),
    })
    this.requests = new Requests(settings.breaker, host, now, (failures, last) =>
      this.outage.begin(failures, last),
    )
    this.outbox = new Outbox(host.source(), settings.maxQueued, {
      now,
      send: (item, _message, body, value) => this.#send(item, body, value),
      acknowledged: (message, reply, value) => this.#acknowledged(message, reply, value),
      queued: () => this.#sendLater(),
      mostBytes: tier.maxMessageBytes,
      overflowed: () => {
        onFault(
          what,
          new RangeError(
            `${settings.name}: more than ${settings.maxQueued} invalidations wait to be sent; all entries are deleted instead`,
          ),
        )
      },
    })
    this.follower = new Follower(
      tier,
      this.outbox,
      {
        now,
        ask: (request) => (tier.probe ? request() : this.requests.ask(request, settings.writeTimeout)),
        drop: (cover) => this.drop(cover, true),
        distrust: () => this.#distrust(),
        proven: (knownAt) => this.#proven(knownAt),
        onFault: (kind, error) => onFault(kind === 'tier' ? what : kind, error),
      },
      ring,
    )
    const { codec, requests, follower, outbox } = this
    this.values = new RemoteValues({ tier, settings, codec, requests, follower, outbox, host, onFault, now })
    this.#firstAnswer = this.#askFirst()
    this.#beat()
    if (push !== undefined) void this.#listen(push)
  }

  // Trust

  /** Drops what may not be served any more. To be called before anything held is given but by `get`, which sees to it itself. */
  checkTrust(): void {
    this.near.checkTrust()
  }

  /** Whether the log was read lately enough for a load to be joined however long it takes. */
  get isKnown(): boolean {
    return this.now() - this.follower.knownAt <= this.settings.maxStale
  }

  /** How long a value may live here whose load began at `start`: where the log was not read lately, no longer than `maxStale` from there. */
  limit(start: number): number {
    const now = this.now()
    if (now - this.follower.knownAt <= 2 * this.settings.beat) return Infinity
    return start + this.settings.maxStale - now
  }

  /** The log was not read for `maxStale`. What is kept from here on has a deadline of its own. */
  #lapse(): void {
    this.distrusts++
    this.near.distrust()
  }

  #distrust(): void {
    this.distrusts++
    this.near.distrust()
    this.underWay.overtakeAll()
  }

  #proven(knownAt: number): void {
    this.checkTrust()
    this.near.trust(knownAt + this.settings.maxStale, () => this.#lapse())
    for (const done of this.#whenReady.splice(0)) done()
    if (this.outbox.queued === 0 && !this.requests.isAway) this.outage.end()
  }

  /**
   * While the store has not answered for the first time, what to wait for before a load: what began before is not kept. Undefined as soon
   * as it has answered, or has had the time for it.
   */
  get firstAnswer(): Promise<void> | undefined {
    return this.#firstAnswer
  }

  async #askFirst(): Promise<void> {
    this.follower.pull()
    let cancel = (): void => {}
    const limit = new Promise<void>((resolve) => {
      cancel = this.#host.after(this.settings.readTimeout, resolve, true)
    })
    await Promise.race([this.ready(), limit])
    cancel()
    this.#firstAnswer = undefined
  }

  /** For how many milliseconds nothing has answered; undefined where something does. */
  get awayFor(): number | undefined {
    const { lasts } = this.outage
    return this.requests.isAway && lasts !== undefined ? Math.round(lasts) : undefined
  }

  /** Whether the second tier is a bus, which holds no values. */
  get isBus(): boolean {
    return this.#tier.isBus === true
  }

  /** Whether pushes are subscribed to. */
  get isListening(): boolean {
    return this.#stopPush !== undefined
  }

  ready(): Promise<void> {
    if (this.follower.last !== undefined || this.isClosed) return Promise.resolve()
    return new Promise((resolve) => this.#whenReady.push(resolve))
  }

  #beat(): void {
    this.#stopBeat = this.#host.after(
      this.settings.beat,
      () => {
        if (this.isClosed) return
        this.follower.pull()
        if (this.requests.isAway) this.#probe()
        this.#beat()
      },
      false,
    )
  }

  /** Nothing else tells that a store without a log is back, where nobody reads. */
  #probe(): void {
    const tier = this.#tier
    if (tier.probe !== undefined) void this.requests.ask(() => tier.probe!(), this.settings.readTimeout)
  }

  async #listen(push: Push): Promise<void> {
    try {
      const stop = await push.listen((bytes) => this.follower.pushed(bytes))
      if (this.isClosed) stop()
      else this.#stopPush = stop
    } catch (error) {
      if (!this.isClosed) this.onFault('bus', error)
    }
  }

  // Invalidating

  /** Removes what is covered here, and overtakes what is under way. `isForeign`: another process has said so. */
  drop(cover: Cover, isForeign = false): void {
    if (this.isClosed) return
    this.near.drop(cover, isForeign)
    this.underWay.overtake(cover)
  }

  /** Invalidates here, then tells the second tier and by it the others; whether it has acknowledged within `limit` milliseconds. */
  invalidate(cover: Cover, limit: number = this.settings.writeTimeout): Promise<boolean> {
    this.drop(cover)
    return this.#told(this.outbox.add(cover, undefined, false, this.requests.isAway), limit)
  }

  /** As `invalidate`, for a key whose new value is stored as well, here by the caller and there where nothing stands against it. */
  write(
    cover: Cover,
    key: string,
    start: number,
    token: Token | undefined,
    encoded: Encoded,
    terms: StoreTerms,
    limit: number,
  ): Promise<boolean> {
    const fits = token !== undefined && this.values.fits(key, encoded)
    const packed = fits ? this.codec.compress(encoded) : undefined
    const stored =
      packed instanceof Promise
        ? packed.then((ready) => this.values.pack(key, ready, token!, start, terms))
        : packed && this.values.pack(key, packed, token!, start, terms)
    return this.#told(this.outbox.add(cover, stored, false, this.requests.isAway), limit)
  }

  #told(items: readonly Item[], limit: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#host.after(limit, () => resolve(false), true)
      void this.outbox.settled(items).then(() => {
        cancel()
        resolve(true)
      })
    })
  }

  #send(item: Item, body: Uint8Array, value: StoredValue | undefined): Promise<TierWrite | undefined> {
    const { cover } = item
    const seen = this.follower.last
    const mode = cover.isClear ? 'clear' : cover.expires ? 'expire' : 'delete'
    return this.requests.ask(
      () => this.#tier.write({ seen, body, mode, keys: cover.keys, tags: cover.tags, value }),
      this.settings.writeTimeout,
    )
  }

  #acknowledged(message: Message, reply: TierWrite, value: StoredValue | undefined): void {
    if (this.isClosed) return
    // Something else has invalidated the key meanwhile: which of the two values is the newer one nobody can tell.
    if (value !== undefined && !reply.kept) this.near.drop(message)
    this.follower.acknowledged(message, reply)
  }

  /** What waits is sent again a little later; at once by one of many processes is enough, so each waits a time of its own. */
  #sendLater(): void {
    if (this.#retry !== undefined) return
    this.#retry = this.#host.after(
      this.settings.beat * (0.1 + this.#host.random() * 0.4),
      () => {
        this.#retry = undefined
        if (this.outbox.queued === 0) return
        if (!this.requests.isAway) this.outbox.sendQueued()
        this.#sendLater()
      },
      false,
    )
  }

  // The end

  /** Waits until all is acknowledged, `closeTimeout` at most, and stops. */
  async close(): Promise<void> {
    if (this.isClosed) return
    let cancel = (): void => {}
    const limit = new Promise<void>((resolve) => {
      cancel = this.#host.after(this.settings.closeTimeout, resolve, true)
    })
    await Promise.race([this.outbox.settled(), limit])
    this.isClosed = true
    this.values.close()
    this.follower.close()
    this.#stopBeat?.()
    this.#retry?.()
    const stopped = this.#stopPush?.()
    for (const done of this.#whenReady.splice(0)) done()
    this.near.root.close()
    await Promise.race([stopped, limit])
    cancel()
  }
}
