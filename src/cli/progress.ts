/** Where words for the user go: standard output or standard error. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
}

const CLEAR = '\r\u001b[K'

/**
 * Says on standard error how far the work is: on a terminal in one line that renews itself, elsewhere in a line now and then, none
 * if all is done quickly.
 */
export class Progress {
  readonly #output: Output
  readonly #now: () => number
  readonly #interval: number
  #last: number

  /** `now` gives milliseconds. */
  constructor(output: Output, now: () => number) {
    this.#output = output
    this.#now = now
    this.#interval = output.isTTY === true ? 100 : 5_000
    this.#last = now()
  }

  report(text: () => string): void {
    const now = this.#now()
    if (now - this.#last < this.#interval) return
    this.#last = now
    this.#output.write(this.#output.isTTY === true ? `${CLEAR}${text()}` : `${text()}\n`)
  }

  end(): void {
    if (this.#output.isTTY === true) this.#output.write(CLEAR)
  }
}
