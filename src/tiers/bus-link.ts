import { randomBytes } from 'node:crypto'
import { decodeFrame, encodeFrame, type Frame, type FrameKind } from './bus-frame.ts'
import type { LocalLog } from './local-log.ts'
import type { Bus, LogEntry } from './tier.ts'

/** The part that one cache has in a link. */
export interface BusPart {
  readonly name: string
  readonly log: LocalLog
  /** After so many milliseconds without a word another process counts as ended. */
  readonly maxSilence: number
}

/** What is known of another process. */
interface Sender {
  /** Of its newest invalidation that has come here, or is known to be missing. */
  number: number
  /** Of its newest frame, and when that came. */
  serial: number
  heardAt: number
}

/** An invalidation that has not come back. */
interface Unanswered {
  readonly frame: Uint8Array
  readonly part: BusPart
  readonly resolve: (entry: LogEntry) => void
}

/** A beat that has not come back. */
interface Waiting {
  readonly sentAt: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** As many other processes are known at once. */
const MOST_SENDERS = 1000
/** As many invalidations that have not come back are sent again, with each beat. */
const MOST_UNANSWERED = 1000
/** After as many beats that have not come back the bus counts as lost, and is listened to anew. */
const MOST_WAITING = 5
/** Those who ask for a beat get one at most so often, in milliseconds; at the next one they learn as much. */
const ANSWER_PAUSE = 100

/**
 * What one process sends and hears by a bus. Every process numbers its invalidations and tells the number with each beat: one that does
 * not follow on what was heard means that something is missing, and so does silence. What a process has sent comes back to itself too,
 * which proves that the bus carries.
 */
export class BusLink {
  readonly #bus: Bus
  readonly #now: () => number
  readonly #parts = new Set<BusPart>()
  readonly #senders = new Map<string, Sender>()
  readonly #waiting = new Map<number, Waiting>()
  readonly #unanswered = new Map<number, Unanswered>()
  #sender = newSender()
  #number = 0
  #serial = 0
  #last: { readonly askedAt: number; readonly done: Promise<void> } | undefined
  /** When the newest beat that has come back was sent. */
  #beatAt = -Infinity
  #answeredAt = -Infinity
  #isGreeted = false
  /** Beats that were asked for while nothing is listened to, and what gives up the attempt to listen that is under way. */
  #tries = 0
  #abandon: () => void = () => {}
  #listening: Promise<void> | undefined
  #stop: (() => unknown) | undefined

  constructor(bus: Bus, now: () => number) {
    this.#bus = bus
    this.#now = now
  }

  join(part: BusPart): void {
    this.#parts.add(part)
  }

  /** Resolves when the others have been told, where it was the last part. */
  async leave(part: BusPart): Promise<void> {
    this.#parts.delete(part)
    if (this.#parts.size > 0 || this.#stop === undefined) return
    const stop = this.#stop
    const last = this.#frame('end')
    this.#close()
    // Who begins anew is another one to the others, who have nothing of it.
    this.#sender = newSender()
    this.#number = 0
    this.#senders.clear()
    this.#unanswered.clear()
    await settle(() => this.#bus.send(last))
    await settle(stop)
  }

  /** For how many milliseconds there may have been something unheard, beyond the `beat` in which nobody need have spoken. */
  silence(beat: number): number {
    const now = this.#now()
    let longest = now - this.#beatAt
    for (const { heardAt } of this.#senders.values()) longest = Math.max(longest, now - heardAt - beat)
    return longest
  }

  /** Resolves when a beat has come back since the bus was listened to, at once where one has. */
  ready(): Promise<void> {
    return this.#isGreeted ? Promise.resolve() : this.beat(0)
  }

  /** Resolves when a beat has come back. One that was asked for in the last `within` milliseconds will do. */
  beat(within: number): Promise<void> {
    const askedAt = this.#now()
    if (this.#last !== undefined && askedAt - this.#last.askedAt <= within) return this.#last.done
    const done = this.#beat()
    this.#last = { askedAt, done }
    done.catch(() => {
      if (this.#last?.done === done) this.#last = undefined
    })
    return done
  }

  async #beat(): Promise<void> {
    if (this.#stop === undefined && ++this.#tries > MOST_WAITING) this.#abandon()
    await this.#listen()
    this.#tries = 0
    if (this.#waiting.size >= MOST_WAITING) this.#giveUp()
    // What has not come back goes before the number that would tell that it is missing.
    for (const { frame } of this.#unanswered.values()) await this.#send(frame)
    const frame = this.#frame(this.#isGreeted ? 'beat' : 'hello')
    await new Promise<void>((resolve, reject) => {
      this.#waiting.set(this.#serial, { sentAt: this.#now(), resolve, reject })
      this.#send(frame).catch(reject)
    })
    this.#isGreeted = true
    this.#forgetSilent()
  }

  /** Tells all of an invalidation; resolves with its place in the log here when it has come back. */
  async tell(part: BusPart, body: Uint8Array): Promise<LogEntry> {
    await this.#listen()
    this.#number++
    const frame = this.#frame('invalidation', part.name, body)
    return new Promise((resolve, reject) => {
      dropOldest(this.#unanswered, MOST_UNANSWERED)
      this.#unanswered.set(this.#number, { frame, part, resolve })
      this.#send(frame).catch(reject)
    })
  }

  #frame(kind: FrameKind, name = '', body: Uint8Array = new Uint8Array()): Uint8Array {
    const [number, serial] = [this.#number, ++this.#serial]
    return encodeFrame({ kind, sender: this.#sender, number, serial, name, body })
  }

  async #send(frame: Uint8Array): Promise<void> {
    await this.#bus.send(frame)
  }

  // Listening

  #listen(): Promise<void> {
    if (this.#listening !== undefined) return this.#listening
    const opening: Promise<void> = this.#open().catch((error) => {
      if (this.#listening === opening) this.#listening = undefined
      throw error
    })
    this.#listening = opening
    return opening
  }

  async #open(): Promise<void> {
    let isOver = false
    this.#tries = 0
    this.#abandon = () => {
      isOver = true
      this.#listening = undefined
    }
    const stop = await this.#bus.listen(
      (bytes) => {
        if (!isOver) this.#received(bytes)
      },
      () => {
        if (isOver) return
        isOver = true
        if (this.#stop !== undefined) this.#lost()
      },
    )
    if (isOver) {
      void settle(stop)
      throw new Error('the bus was lost')
    }
    this.#stop = () => {
      isOver = true
      return stop()
    }
    if (this.#parts.size > 0) return
    await this.#stop()
    this.#close()
    throw new Error('the cache was closed')
  }

  /** Nothing is heard any more: what is said from here on is missing. The next beat listens anew. */
  #lost(): void {
    this.#close()
    this.#missed()
  }

  #giveUp(): never {
    const stop = this.#stop!
    this.#lost()
    void settle(stop)
    throw new Error('the bus does not answer')
  }

  #close(): void {
    this.#stop = undefined
    this.#listening = undefined
    this.#last = undefined
    this.#isGreeted = false
    for (const { reject } of this.#waiting.values()) reject(new Error('the bus was lost'))
    this.#waiting.clear()
  }

  #missed(): void {
    for (const { log } of this.#parts) log.lose()
  }

  // Hearing

  #received(bytes: unknown): void {
    const frame = bytes instanceof Uint8Array ? decodeFrame(bytes) : undefined
    // What cannot be read is as good as lost, which the next number tells.
    if (frame === undefined) return
    if (frame.sender !== this.#sender) this.#heard(frame)
    else if (frame.kind === 'invalidation') this.#cameBack(frame)
    else this.#answered(frame.serial)
  }

  #cameBack({ number, body }: Frame): void {
    const sent = this.#unanswered.get(number)
    if (sent === undefined) return
    this.#unanswered.delete(number)
    for (const part of this.#parts)
      if (part !== sent.part && part.name === sent.part.name) part.log.append(body)
    sent.resolve(sent.part.log.append(body))
  }

  /** A beat has come back, and those before it need not. */
  #answered(serial: number): void {
    const newest = this.#waiting.get(serial)
    if (newest === undefined) return
    this.#beatAt = Math.max(this.#beatAt, newest.sentAt)
    for (const [older, { resolve }] of this.#waiting) {
      if (older > serial) continue
      this.#waiting.delete(older)
      resolve()
    }
  }

  #heard({ kind, sender, number, serial, name, body }: Frame): void {
    const known = this.#senders.get(sender)
    const before = kind === 'invalidation' ? number - 1 : number
    // A newer frame with a smaller number is not by whom it says.
    const isMissing =
      before > (known?.number ?? 0) || (known !== undefined && serial > known.serial && number < known.number)
    if (kind === 'end') this.#senders.delete(sender)
    else if (known === undefined) this.#meet(sender, number, serial)
    else if (serial > known.serial) Object.assign(known, { number, serial, heardAt: this.#now() })
    // What is repeated or late is no sign of life.
    else known.number = Math.max(known.number, number)
    if (kind === 'invalidation') for (const part of this.#parts) if (part.name === name) part.log.append(body)
    if (isMissing) this.#missed()
    if (kind === 'hello') this.#answerHello()
  }

  #meet(sender: string, number: number, serial: number): void {
    if (this.#senders.size >= MOST_SENDERS) {
      dropOldest(this.#senders, MOST_SENDERS)
      this.#missed()
    }
    this.#senders.set(sender, { number, serial, heardAt: this.#now() })
  }

  #answerHello(): void {
    const now = this.#now()
    if (now - this.#answeredAt < ANSWER_PAUSE) return
    this.#answeredAt = now
    void this.#send(this.#frame('beat')).catch(() => {})
  }

  /** Who was not heard of for long counts as ended; what it may have said last is missing. */
  #forgetSilent(): void {
    const now = this.#now()
    const longest = Math.max(...[...this.#parts].map(({ maxSilence }) => maxSilence))
    let isMissing = false
    for (const [sender, { heardAt }] of this.#senders)
      if (now - heardAt > longest) isMissing = this.#senders.delete(sender)
    if (isMissing) this.#missed()
  }
}

function newSender(): string {
  return randomBytes(6).toString('hex')
}

/** Makes room for one more. */
function dropOldest(map: Map<unknown, unknown>, most: number): void {
  if (map.size < most) return
  for (const [key] of map) {
    map.delete(key)
    return
  }
}

/** Whatever comes of it. */
async function settle(run: () => unknown): Promise<void> {
  try {
    await run()
  } catch {
    // A bus that is gone.
  }
}
