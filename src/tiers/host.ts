/** What the protocol takes from the machine that it runs on. Simulations bring their own. */
export interface Host {
  /** Calls back once, `time` milliseconds later, unless the function that it returns is called before. */
  after(time: number, run: () => void, keepsAlive: boolean): () => void
  /** A number from 0 up to 1, evenly spread. */
  random(): number
  /** Six random bytes in hexadecimal, which tell this cache object from all others. */
  source(): string
}

/** Is told of what goes wrong without a caller to tell, and of the key that it concerns. */
export type OnFault = (kind: 'tier' | 'bus' | 'codec', error: unknown, ...key: readonly unknown[]) => void

export const systemHost: Host = {
  after(time, run, keepsAlive) {
    const timer = setTimeout(run, Math.min(time, LONGEST_TIMER))
    if (!keepsAlive) (timer as { unref?: () => void }).unref?.()
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
  source: () => Buffer.from(crypto.getRandomValues(new Uint8Array(6))).toString('hex'),
}

/** Timers of a runtime reach no further than this, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1
