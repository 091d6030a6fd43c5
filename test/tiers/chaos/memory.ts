/** Heap in use at a moment, in bytes, after a collection of garbage. */
export interface Sample {
  readonly at: number
  readonly bytes: number
}

/** Of the process that lived longest: minutes, and the median heap in use in the second and the last quarter of them, in MB. */
export interface Memory {
  readonly minutes: number
  readonly early: number
  readonly late: number
}

/** Minutes from which on a life is judged: shorter ones are still warming up. */
const LEAST_MINUTES = 2
/** What the last quarter may be above the second by, as a share and in MB: code compiled late, and buffers that are under way. */
const SHARE = 0.1
const ROOM = 2

/** The first quarter is left out, in which code is compiled and the cache fills. */
export function memoryOf(all: readonly (readonly Sample[])[]): Memory {
  const life = (samples: readonly Sample[]): number => (samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)
  const samples = all.reduce((oldest, one) => (life(one) > life(oldest) ? one : oldest), [])
  const start = samples[0]?.at ?? 0
  const quarter = life(samples) / 4
  const median = (from: number, to: number): number => {
    const part = samples.filter(({ at }) => at >= start + from * quarter && at <= start + to * quarter)
    const sorted = part.map(({ bytes }) => bytes).sort((a, b) => a - b)
    return Math.round((sorted[sorted.length >> 1] ?? 0) / 1e5) / 10
  }
  return { minutes: Math.round(life(samples) / 6000) / 10, early: median(1, 2), late: median(3, 4) }
}

/** What is wrong with it, or undefined. */
export function growth({ minutes, early, late }: Memory): string | undefined {
  if (minutes < LEAST_MINUTES || late <= early * (1 + SHARE) + ROOM) return undefined
  return `MEMORY: ${early} MB in the second quarter of ${minutes} minutes, ${late} MB in the last`
}
