import { connect, createServer, type Socket } from 'node:net'

/*
 * A process that is the network between a client and a server on this machine: each byte arrives 0.5 ms after it was sent, either way. A
 * timer is not as exact as that, so it looks at each turn of its event loop while something is on its way.
 */

/** Milliseconds each way. */
const DELAY = 0.5
const target = Number(process.argv[2])
const underWay: { readonly at: number; readonly to: Socket; readonly data: Buffer }[] = []

function deliver(): void {
  while (underWay.length > 0 && underWay[0]!.at <= performance.now()) {
    const { to, data } = underWay.shift()!
    if (!to.destroyed) to.write(data)
  }
  if (underWay.length > 0) setImmediate(deliver)
}

const server = createServer((near) => {
  const far = connect(target, '127.0.0.1')
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    from.setNoDelay(true)
    from.on('error', () => {})
    from.on('close', () => to.destroy())
    from.on('data', (data) => {
      underWay.push({ at: performance.now() + DELAY, to, data })
      if (underWay.length === 1) setImmediate(deliver)
    })
  }
})
server.listen(0, '127.0.0.1', () => process.send!((server.address() as { port: number }).port))
process.once('disconnect', () => process.exit())
