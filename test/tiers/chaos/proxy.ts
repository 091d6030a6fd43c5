import { connect, createServer, type Server, type Socket } from 'node:net'

/** How a proxy treats what passes: `silent` swallows both directions, `deaf` what comes back, `closed` takes no connection. */
export type ProxyMode = 'open' | 'slow' | 'silent' | 'deaf' | 'closed'

/** A proxy in front of a server on this machine, which can be told to misbehave. */
export class FaultyProxy {
  mode: ProxyMode = 'open'
  readonly port: number
  /** The port of the server behind it, for connections from now on. */
  target: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, port: number, target: number) {
    this.#server = server
    this.port = port
    this.target = target
  }

  static async before(target: number): Promise<FaultyProxy> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const proxy = new FaultyProxy(server, (server.address() as { port: number }).port, target)
    server.on('connection', (near) => proxy.#accept(near))
    return proxy
  }

  #accept(near: Socket): void {
    if (this.mode === 'closed') {
      near.destroy()
      return
    }
    const far = connect(this.target, '127.0.0.1')
    for (const [from, to, isBack] of [
      [near, far, false],
      [far, near, true],
    ] as const) {
      this.#sockets.add(from)
      from.setNoDelay(true)
      from.on('error', () => {})
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      from.on('data', (data) => {
        if (this.mode === 'silent' || (isBack && this.mode === 'deaf')) return
        if (this.mode === 'slow') setTimeout(() => to.destroyed || to.write(data), 40)
        else to.write(data)
      })
    }
  }

  /** Resets all connections. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  close(): void {
    this.#server.close()
    this.reset()
  }
}
