import { setImmediate } from 'node:timers/promises'

/** How long one goes on without a break, in milliseconds. */
const SLICE = 3

/** Work in slices with turns of the event loop in between. */
export class Slices {
  private until = performance.now() + SLICE

  /** Whether it is time for a break. */
  get isOver(): boolean {
    return performance.now() > this.until
  }

  /** Lets others run. */
  async pause(): Promise<void> {
    await setImmediate()
    this.until = performance.now() + SLICE
  }
}
