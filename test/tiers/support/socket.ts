import { connect, type Socket } from 'node:net'

type Waiting = { resolve(value: unknown): void; reject(error: Error): void }

/** A connection to Redis that does no more than to speak its protocol (RESP2): bulk strings are Buffers. */
export class RedisSocket {
  readonly #socket: Socket
  readonly #waiting: Waiting[] = []
  readonly #listeners = new Map<string, (message: Uint8Array) => void>()
  #data: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (more) => this.#arrived(more as Buffer))
    socket.on('error', () => {})
    socket.on('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('the connection was closed'))
    })
  }

  static connect(port: number): Promise<RedisSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(new RedisSocket(socket)))
      socket.once('error', reject)
    })
  }

  command(args: readonly (string | Uint8Array)[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new Error('the connection was closed'))
        return
      }
      this.#waiting.push({ resolve, reject })
      const parts: Uint8Array[] = [Buffer.from(`*${args.length}\r\n`)]
      for (const one of args) {
        const bytes = typeof one === 'string' ? Buffer.from(one) : one
        parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'))
      }
      this.#socket.write(Buffer.concat(parts))
    })
  }

  async subscribe(channel: string, onMessage: (message: Uint8Array) => void): Promise<() => void> {
    this.#listeners.set(channel, onMessage)
    await this.command(['SUBSCRIBE', channel])
    return () => this.close()
  }

  close(): void {
    this.#socket.destroy()
  }

  #arrived(more: Buffer): void {
    this.#data = Buffer.concat([this.#data, more])
    for (let one = this.#reply(0); one !== undefined; one = this.#reply(0)) {
      this.#data = this.#data.subarray(one[1])
      const [value] = one
      const isPush = Array.isArray(value) && String(value[0]) === 'message'
      if (isPush) this.#listeners.get(String(value[1]))?.(value[2] as Buffer)
      else if (value instanceof Error) this.#waiting.shift()?.reject(value)
      else this.#waiting.shift()?.resolve(value)
    }
  }

  #reply(at: number): [value: unknown, next: number] | undefined {
    const end = this.#data.indexOf('\r\n', at)
    if (end < 0) return undefined
    const head = this.#data.toString('latin1', at + 1, end)
    const next = end + 2
    switch (String.fromCharCode(this.#data[at]!)) {
      case '+':
        return [head, next]
      case '-':
        return [new Error(head), next]
      case ':':
        return [Number(head), next]
      case '$': {
        const length = Number(head)
        if (length < 0) return [null, next]
        if (this.#data.length < next + length + 2) return undefined
        return [Buffer.from(this.#data.subarray(next, next + length)), next + length + 2]
      }
      default: {
        if (Number(head) < 0) return [null, next]
        const list: unknown[] = []
        let p = next
        for (let i = 0; i < Number(head); i++) {
          const item = this.#reply(p)
          if (item === undefined) return undefined
          list.push(item[0])
          p = item[1]
        }
        return [list, p]
      }
    }
  }
}
