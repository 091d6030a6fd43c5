/** What processes tell the one that started them. */
export type Message =
  | { readonly kind: 'ready' }
  /** For each way: queries so far, calls that failed so far, and what was read since the last message. */
  | {
      readonly kind: 'reads'
      readonly ways: readonly {
        readonly queries: number
        readonly failures: number
        readonly reads: Read[]
      }[]
    }
  | { readonly kind: 'write'; readonly write: Write }

/** Which page was read, when the call began, and which version it gave. */
export type Read = readonly [id: number, start: number, version: number]

export interface Write {
  readonly id: number
  readonly version: number
  /** When the database had committed. */
  readonly committed: number
  /** For each way, when the caller of the write had its answer. */
  readonly answered: readonly number[]
}

/** Milliseconds of a clock that all processes of a machine share. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000
}

export function tell(message: Message): void {
  process.send!(message)
}
