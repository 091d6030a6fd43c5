import { Failure, quote } from './failure.ts'
import type { TraceReader } from './read.ts'
import type { TraceBuilder } from './trace.ts'

const NEWLINE = 10
const RETURN = 13
/** Longer lines are refused, in bytes. */
const LONGEST = 65_536
/** How a document begins that was passed by mistake. */
const MARKUP = /^\uFEFF?<(\?xml|!doctype|svg|html)\b/i
const HEADER = '# nearcache trace:'

/** A line per read: the key, then after a tab the time, then after another the weight. */
export class LineReader implements TraceReader {
  readonly #name: string
  readonly #builder: TraceBuilder
  #line = 0
  #rest: Buffer = Buffer.alloc(0)
  /** It begins with the header of a recording, whose lines all end with a line feed. */
  #isRecording = false
  /** What the first line has. */
  #fields: Fields | undefined

  constructor(name: string, builder: TraceBuilder) {
    this.#name = name
    this.#builder = builder
  }

  get place(): string {
    return `${this.#name}:${this.#line + 1}`
  }

  take(chunk: Buffer): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let start = 0
    for (let end = data.indexOf(NEWLINE); end !== -1; end = data.indexOf(NEWLINE, start)) {
      this.#take(data, start, end)
      start = end + 1
    }
    this.#rest = data.subarray(start)
    if (this.#rest.length > LONGEST) throw this.#tooLong()
  }

  end(): boolean {
    if (this.#rest.length === 0) return false
    if (this.#isRecording) return true
    this.#take(this.#rest, 0, this.#rest.length)
    return false
  }

  #take(data: Buffer, start: number, end: number): void {
    if (end - start > LONGEST) throw this.#tooLong()
    const line = data.toString('utf8', start, end > start && data[end - 1] === RETURN ? end - 1 : end)
    if (this.#line === 0 && this.#isHeader(line)) this.#readHeader(line)
    else this.#read(line)
    this.#line++
  }

  #read(line: string): void {
    if (line.includes('\0'))
      throw this.#wrong('text', 'binary data (for numbers of four bytes say --format u32)')
    if (this.#fields === undefined && MARKUP.test(line))
      throw this.#wrong('a trace, a key a line', `markup: ${quote(line)}`)
    const tab = line.indexOf('\t')
    const fields = tab === -1 ? undefined : line.split('\t')
    this.#fields ??= this.#fieldsOf(line, fields)
    const { count, hasTime, hasWeight } = this.#fields
    if ((fields?.length ?? 1) !== count) {
      throw this.#wrong(
        `${count} ${count === 1 ? 'field' : 'fields'} as on the first line`,
        `${fields?.length ?? 1}: ${quote(line)}`,
      )
    }
    const key = fields === undefined ? line : fields[0]!
    if (key === '') throw this.#wrong('a key', line === '' ? 'an empty line' : `none: ${quote(line)}`)
    const time = hasTime ? this.#time(fields![1]!) : undefined
    const weight = hasWeight ? this.#weight(fields![2]!) : undefined
    if (!hasTime && count > 1 && fields![1] !== '')
      throw this.#wrong('no time, as on the first line', quote(fields![1]!))
    this.#builder.add(key, time, weight)
  }

  #fieldsOf(line: string, fields: string[] | undefined): Fields {
    if (fields === undefined) return { count: 1, hasTime: false, hasWeight: false }
    if (fields.length > 3)
      throw this.#wrong('at most 3 fields (key, time, weight)', `${fields.length}: ${quote(line)}`)
    const hasWeight = fields.length === 3
    return { count: fields.length, hasTime: !hasWeight || fields[1] !== '', hasWeight }
  }

  #time(text: string): number {
    const time = text === '' ? Number.NaN : Number(text)
    if (!Number.isFinite(time)) throw this.#wrong('a time in milliseconds after the key', quote(text))
    return time
  }

  /** NaN where a recording knows none. */
  #weight(text: string): number {
    if (text === '' && this.#isRecording) return Number.NaN
    const weight = Number(text)
    if (!Number.isSafeInteger(weight) || weight <= 0)
      throw this.#wrong('a weight (a positive integer) after the time', quote(text))
    return weight
  }

  #isHeader(line: string): boolean {
    return line.startsWith(HEADER)
  }

  #readHeader(line: string): void {
    this.#isRecording = true
    const text = / sample=(\S+)/.exec(line)?.[1] ?? '1'
    const sample = Number(text)
    if (!(sample > 0 && sample <= 1)) throw this.#wrong('a sample above 0 and at most 1', quote(text))
    this.#builder.sample = sample
    this.#builder.isInBytes = / weights=bytes\b/.test(line)
  }

  #tooLong(): Failure {
    return this.#wrong(`lines of at most ${LONGEST.toLocaleString('en')} bytes`, 'a longer one')
  }

  #wrong(expected: string, got: string): Failure {
    return new Failure(`${this.place}: expected ${expected}, got ${got}`)
  }
}

interface Fields {
  readonly count: number
  readonly hasTime: boolean
  readonly hasWeight: boolean
}
