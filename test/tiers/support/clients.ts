/** Clients under test, each in a form that all tests share. They are loaded by name, so that the types of the tests need none of them. */
export interface TestClient {
  /** What a user gives to `redisTier`. */
  readonly client: object
  close(): unknown
}

export type ClientName = 'redis' | 'redis-5' | 'ioredis' | 'ioredis-5' | 'iovalkey'

export const clientNames: readonly ClientName[] = ['redis', 'redis-5', 'ioredis', 'ioredis-5', 'iovalkey']

type Loose = any

/** A client of that package, connected to a server on this machine, with the defaults of the package. */
export async function connectClient(name: ClientName, port: number): Promise<TestClient> {
  const loaded = await load(name)
  if (name.startsWith('redis')) {
    const client: Loose = loaded.createClient({ url: `redis://127.0.0.1:${port}` })
    client.on('error', () => {})
    await client.connect()
    return { client, close: () => client.destroy() }
  }
  const Redis = loaded.default ?? loaded.Redis
  const client: Loose = new Redis(port, '127.0.0.1')
  client.on('error', () => {})
  await new Promise((resolve) => client.once('ready', resolve))
  return { client, close: () => client.disconnect() }
}

/** A pool of node-redis. */
export async function connectPool(name: 'redis' | 'redis-5', port: number): Promise<TestClient> {
  const { createClientPool } = await load(name)
  const client: Loose = createClientPool({ url: `redis://127.0.0.1:${port}` }, { minimum: 2, maximum: 4 })
  client.on('error', () => {})
  await client.connect()
  return { client, close: () => client.destroy() }
}

/** A cluster, of which these are nodes. */
export async function connectCluster(name: ClientName, ports: readonly number[]): Promise<TestClient> {
  const loaded = await load(name)
  if (name.startsWith('redis')) {
    const client: Loose = loaded.createCluster({
      rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })),
    })
    client.on('error', () => {})
    await client.connect()
    return { client, close: () => client.destroy() }
  }
  const { Cluster } = loaded.default ?? loaded.Redis
  const client: Loose = new Cluster(ports.map((port) => ({ host: '127.0.0.1', port })))
  client.on('error', () => {})
  await new Promise((resolve) => client.once('ready', resolve))
  return { client, close: () => client.disconnect() }
}

async function load(name: string): Promise<Loose> {
  return import(name)
}
