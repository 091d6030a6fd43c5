import { count } from './report.ts'

/** Tells how far a step has come: on a terminal in one line that changes, in a log with a line per tenth. */
export class Progress {
  readonly #label: string
  readonly #total: number
  readonly #step: number
  #next: number
  #line = ''
  #written = ''

  constructor(label: string, total: number) {
    this.#label = label
    this.#total = total
    this.#step = total / (terminal ? 100 : 10)
    this.#next = this.#step
  }

  update(done: number, note = ''): void {
    this.#line = `  ${this.#label.padEnd(18)}${count(done)} of ${count(this.#total)}${note}`
    if (done < this.#next) return
    while (this.#next <= done) this.#next += this.#step
    this.#write()
  }

  /** Shows how far it came, and lets the next step begin a line of its own. */
  end(): void {
    if (this.#line !== this.#written) this.#write()
    if (terminal) process.stdout.write('\n')
  }

  #write(): void {
    this.#written = this.#line
    if (terminal) process.stdout.write(`\r\x1b[2K${this.#line.slice(0, process.stdout.columns - 1)}`)
    else process.stdout.write(`${this.#line}\n`)
  }
}

const terminal = process.stdout.isTTY === true
