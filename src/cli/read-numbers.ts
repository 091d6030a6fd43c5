import { Failure } from './failure.ts'
import type { TraceReader } from './read.ts'
import type { TraceBuilder } from './trace.ts'

/** Four bytes per read: the key as an unsigned integer, little-endian. */
export class NumberReader implements TraceReader {
  readonly #name: string
  readonly #builder: TraceBuilder
  #rest: Buffer = Buffer.alloc(0)

  constructor(name: string, builder: TraceBuilder) {
    this.#name = name
    this.#builder = builder
  }

  get place(): string {
    return `${this.#name}:byte ${this.#builder.reads * 4 + this.#rest.length}`
  }

  take(chunk: Buffer): void {
    if (this.#builder.reads === 0 && isText(chunk))
      throw new Failure(
        `${this.#name}: expected numbers of four bytes, got text (for lines say --format text)`,
      )
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const whole = data.length - (data.length % 4)
    for (let at = 0; at < whole; at += 4) this.#builder.add(data.readUInt32LE(at), undefined, undefined)
    this.#rest = data.subarray(whole)
  }

  end(): boolean {
    if (this.#rest.length > 0)
      throw new Failure(`${this.place}: expected four bytes per read, got an end after ${this.#rest.length}`)
    return false
  }
}

/** Whether bytes can hardly be anything but text: keys of four letters each would be numbers above 150 million, one like the other. */
function isText(bytes: Buffer): boolean {
  const start = bytes.subarray(0, 256)
  return start.length >= 16 && start.every((byte) => (byte >= 32 && byte < 127) || (byte >= 9 && byte <= 13))
}
