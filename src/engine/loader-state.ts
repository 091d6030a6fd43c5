import type { Counters } from '../core/counters.ts'

/** How the loads of a store went of late. */
export class LoaderState {
  /** How many have failed since one succeeded. */
  consecutive = 0
  /** What the last one failed with. */
  error: unknown
  /** Number of stale values that had been given when loads began to fail. */
  staleBefore = 0

  succeeded(): void {
    this.consecutive = 0
    this.error = undefined
  }

  failed(error: unknown, counters: Counters): void {
    if (this.consecutive++ === 0) this.staleBefore = counters.staleServed
    this.error = error
  }
}
