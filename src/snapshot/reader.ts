import type { Space } from '../core/space.ts'
import { Reinstatement } from '../engine/reinstatement.ts'
import type { Store } from '../engine/store.ts'
import { CacheError } from '../errors.ts'
import { defaultSerializer, fromJson, type Serializer } from '../serialize.ts'
import { linesOf } from './file.ts'
import { bad, type End, type Head, lineSum, type Row, readHead, readLine } from './format.ts'
import type { RestoredSnapshot } from './restore.ts'
import { Slices } from './slices.ts'

/** The form of a value that was read already, which no line can say. */
const decoded: unique symbol = Symbol('decoded')
type Decoded = Omit<Row, 'form'> & { readonly form: typeof decoded }

/** Reads a snapshot once, and puts back what it says. */
export class Reader {
  readonly #store: Store
  readonly #space: Space
  readonly #serializer: Serializer | undefined
  readonly #maxAge: number
  readonly #reinstatement: Reinstatement
  readonly #skipped = { expired: 0, tooOld: 0, outdone: 0, refused: 0, corrupt: 0 }
  #entries = 0
  #head: Head | undefined
  #end: End | undefined
  #lines = 0
  #sum = 0
  /** Those of the head, held for as long as this goes on. */
  #spaces: readonly Space[] = []
  /** Milliseconds since the snapshot was saved. */
  #passed = 0

  constructor(store: Store, space: Space, serializer: Serializer | undefined, maxAge: number) {
    this.#store = store
    this.#space = space
    this.#serializer = serializer
    this.#maxAge = maxAge
    this.#reinstatement = new Reinstatement(store)
  }

  /** Restores what is whole. What is damaged is a fault; `source` names it. */
  async read(chunks: AsyncIterable<Uint8Array>, source: string): Promise<RestoredSnapshot> {
    const slices = new Slices()
    let number = 0
    let first: unknown
    const note = (error: unknown): void => {
      first ??= named(error, `${source}, line ${number}`)
    }
    try {
      for await (const line of linesOf(chunks)) {
        number++
        try {
          const row = this.#parse(line)
          if (row !== undefined) this.#put(row)
          else if (number === 1) this.#resume()
        } catch (error) {
          this.#assertOpen()
          this.#skipped.corrupt++
          note(error)
          if (this.#head === undefined) break
        }
        if (slices.isOver) await slices.pause()
        this.#assertOpen()
      }
      if (first === undefined) this.#assertWhole()
    } catch (error) {
      this.#assertOpen()
      if (number > 0 || (error as { code?: unknown } | null)?.code !== 'ENOENT') note(error)
    } finally {
      this.#reinstatement.end()
    }
    if (first !== undefined) this.#store.faults.report('snapshot', first)
    return this.#result()
  }

  /** Restores all, or throws. */
  async readWhole(chunks: AsyncIterable<Uint8Array>): Promise<RestoredSnapshot> {
    const slices = new Slices()
    const rows: (Row | Decoded)[] = []
    try {
      for await (const line of linesOf(chunks)) {
        const row = this.#parse(line)
        if (row !== undefined)
          rows.push(row.form === undefined ? row : { ...row, value: this.#decode(row), form: decoded })
        if (slices.isOver) await slices.pause()
      }
      this.#assertWhole()
      this.#resume()
      for (const row of rows) {
        this.#assertOpen()
        this.#put(row)
        if (slices.isOver) await slices.pause()
      }
    } finally {
      this.#reinstatement.end()
    }
    return this.#result()
  }

  /** The row that a line is, if it is one. Throws for what is damaged or out of place. */
  #parse(line: Buffer | undefined): Row | undefined {
    if (line === undefined) throw bad('a line has no end')
    if (this.#head === undefined) {
      this.#begin(readHead(line))
      return undefined
    }
    const read = readLine(line)
    if (this.#end !== undefined) throw bad('it goes on after its end')
    if ('lines' in read) {
      this.#end = read
      return undefined
    }
    this.#lines++
    this.#sum = lineSum(line, this.#sum)
    return read
  }

  #begin(head: Head): void {
    const { serializer, saved, spaces } = head
    const expected = this.#serializer?.id ?? defaultSerializer.id
    if (serializer !== expected)
      throw bad(`it was written by the serializer ${serializer}, and ${expected} is to read it`)
    this.#passed = Math.max(0, Date.now() - saved)
    const store = this.#store
    this.#spaces = spaces.map((path) => {
      let space = this.#space
      for (const name of path)
        space = typeof name === 'number' ? store.version(space, name) : store.namespace(space, name)
      return space
    })
    this.#head = head
  }

  /** The policy goes on where it was, in a cache that has nothing yet. */
  #resume(): void {
    const store = this.#store
    const head = this.#head!
    const [entries, weight] = head.bounds
    const isLarger = store.maxEntries > (entries ?? Infinity) || store.maxWeight > (weight ?? Infinity)
    if (this.#isOfPolicy && store.slots.used === 0 && this.#space === store.root)
      this.#reinstatement.standings.resume(head.state, isLarger)
  }

  #put(row: Row | Decoded): void {
    const space = this.#spaces[row.space]
    if (space === undefined) throw bad('it has an entry of no key space')
    if (row.form === undefined) {
      if (this.#isOfPolicy && !this.#isTooOld) this.#reinstatement.recall(space, row.key, row.standing)
    } else if (this.#isTooOld) this.#skipped.tooOld++
    else this.#putEntry(space, row)
  }

  #putEntry(space: Space, row: Row | Decoded): void {
    const { key, extras = {}, standing } = row
    const { tags = [] } = extras
    const passed = this.#passed
    const left = infinite(row.left) - passed
    const grace = extras.grace === undefined ? 0 : infinite(extras.grace)
    const refresh = extras.refresh === undefined ? undefined : infinite(extras.refresh) - passed
    const idle = (extras.idle ?? 0) + passed
    if (left + grace <= 0 || idle >= this.#store.settings.idleTtl) {
      this.#skipped.expired++
      return
    }
    const store = this.#store
    const reinstatement = this.#reinstatement
    if (reinstatement.isOutdone(space, key, tags)) {
      this.#skipped.outdone++
      return
    }
    let value: unknown
    let weight: number
    try {
      value = store.copyIn(this.#decode(row))
      weight = store.weigh(value, key)
      if (store.keepsNothing || weight > store.maxWeight)
        throw new RangeError(`value: expected a weight within the bound, got ${weight}`)
    } catch (error) {
      if (this.#skipped.refused++ === 0) store.faults.report('snapshot', error, key)
      return
    }
    // The weigher is user code and may have stored something.
    if (reinstatement.isOutdone(space, key, tags)) this.#skipped.outdone++
    else {
      const isPlaced = this.#isOfPolicy && !reinstatement.standings.isGhost(standing)
      const portrait = { value, left, grace, refresh, idle, tags }
      reinstatement.put(space, key, portrait, weight, isPlaced ? standing : undefined)
      this.#entries++
    }
    store.notify()
  }

  #decode({ form, value }: Row | Decoded): unknown {
    if (form === decoded) return value
    if (this.#serializer === undefined) return fromJson(form, value)
    if (form !== 'B') throw bad('a value is not of the form that its serializer writes')
    return this.#serializer.decode(Buffer.from(value as string, 'base64'))
  }

  get #isOfPolicy(): boolean {
    return this.#head!.policy === this.#store.settings.policy
  }

  get #isTooOld(): boolean {
    return this.#passed > this.#maxAge
  }

  #assertWhole(): void {
    const end = this.#end
    if (end === undefined) throw bad('it ends early')
    if (end.lines !== this.#lines || end.sum !== this.#sum) throw bad('it lacks lines')
  }

  #assertOpen(): void {
    this.#store.assertOpen(this.#space)
  }

  #result(): RestoredSnapshot {
    return { entries: this.#entries, saved: this.#head?.saved, skipped: this.#skipped }
  }
}

/** A CacheError that tells where another error was met, which is its cause. */
function named(cause: unknown, where: string): CacheError {
  const error =
    cause instanceof CacheError ? cause : bad(cause instanceof Error ? cause.message : String(cause))
  return new CacheError(error.code, `${where}: ${error.message}`, { cause })
}

function infinite(span: number | null | undefined): number {
  return span ?? Infinity
}
