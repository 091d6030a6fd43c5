/** A part of the run, and how long it lasts in seconds. */
export interface Scene {
  readonly name: string
  readonly seconds: number
  /** Whether something is broken in it. */
  readonly isFault: boolean
}

/** Seconds in which the caches fill, before anything is counted. */
export const warmUp = 10

export const story = {
  calm: { name: 'all is well', seconds: 12, isFault: false },
  cut: { name: 'one of four processes is cut off', seconds: 10, isFault: true },
  healed: { name: 'it is back', seconds: 8, isFault: false },
  dead: { name: 'Redis is killed', seconds: 8, isFault: true },
  empty: { name: 'Redis is back, empty', seconds: 10, isFault: false },
} as const satisfies Record<string, Scene>

export const scenes: readonly Scene[] = Object.values(story)

export const seconds: number = scenes.reduce((sum, scene) => sum + scene.seconds, 0)
