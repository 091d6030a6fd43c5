import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

/** A row of the database. `version` counts how often it was written. */
export interface Page {
  readonly id: number
  readonly version: number
  readonly title: string
  readonly body: string
}

/** A connection to the process of the database. */
export class Database {
  readonly #socket: Socket
  readonly #waiting = new Map<number, (page: Page) => void>()
  #calls = 0

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1').setNoDelay(true)
    createInterface({ input: this.#socket }).on('line', (line) => {
      const { call, row } = JSON.parse(line) as { call: number; row: Page }
      this.#waiting.get(call)!(row)
      this.#waiting.delete(call)
    })
  }

  read(id: number): Promise<Page> {
    return this.#ask('read', id)
  }

  /** Writes the row again, and resolves with it once that is committed. */
  write(id: number): Promise<Page> {
    return this.#ask('write', id)
  }

  #ask(statement: string, id: number): Promise<Page> {
    const call = ++this.#calls
    this.#socket.write(`${JSON.stringify({ call, statement, id })}\n`)
    return new Promise((resolve) => this.#waiting.set(call, resolve))
  }
}
