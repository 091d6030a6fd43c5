/* Another process with a cache of the same name and a dashboard, which tells its port. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Cache } from '../../../src/index.ts'
import { dashboard } from '../../../src/observe/dashboard/node.ts'

const cache = new Cache<string, number>({ name: 'shared-name' })
cache.set('k', 1)
for (let i = 0; i < 100; i++) cache.get('k')
const server = createServer(dashboard({ authorise: () => true })).listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port)
})
process.once('disconnect', () => process.exit())
