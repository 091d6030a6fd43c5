import type { Bus } from '../../../src/tiers/tier.ts'

/** A bus in memory, which delivers at once, and loses what it is told to. */
export class Wire {
  /** All that was sent. */
  readonly sent: Uint8Array[] = []
  /** Whether this listener is spared these bytes. */
  loses: (listener: number, bytes: Uint8Array) => boolean = () => false
  readonly #listeners = new Map<number, { onBytes(bytes: Uint8Array): void; onLost(): void }>()
  #count = 0

  /** An end of it. Ends are numbered in the order in which they were made. */
  bus(maxBytes?: number): Bus {
    const own = this.#count++
    return {
      ...(maxBytes !== undefined && { maxBytes }),
      send: (bytes) => this.inject(bytes),
      listen: async (onBytes, onLost) => {
        this.#listeners.set(own, { onBytes, onLost })
        return () => this.#listeners.delete(own)
      },
    }
  }

  inject(bytes: Uint8Array): void {
    this.sent.push(bytes)
    for (const [listener, { onBytes }] of this.#listeners) if (!this.loses(listener, bytes)) onBytes(bytes)
  }

  /** The connection of one end breaks. */
  break(listener: number): void {
    const ended = this.#listeners.get(listener)
    this.#listeners.delete(listener)
    ended?.onLost()
  }

  get listeners(): number {
    return this.#listeners.size
  }
}
