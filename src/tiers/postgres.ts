import { isRecord } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import type { Bus } from './tier.ts'

/** What is called of a pool of `pg`. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>
}

/** What is called of a client of that pool. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<unknown>
  on(event: 'notification', listener: (notification: PostgresNotification) => void): unknown
  on(event: 'error' | 'end', listener: () => void): unknown
  release(destroys: boolean): void
}

export interface PostgresNotification {
  readonly channel: string
  readonly payload?: string | undefined
}

/** PostgreSQL takes less than 8,000 bytes, which are text here: base64. */
const MOST_BYTES = 5_900

/**
 * LISTEN and NOTIFY of PostgreSQL: `remote: postgresBus(pool)` of a tiered cache. It takes one client out of the pool of `pg` while a cache
 * is open, and another one when that is lost. `channel` is the same in all processes. Throws a TypeError for a wrong one, and for what is
 * no pool.
 */
export function postgresBus(pool: PostgresPool, channel = 'nearcache'): Bus {
  if (!isRecord(pool) || typeof pool.connect !== 'function' || typeof pool.totalCount !== 'number')
    throw refusal('pool', 'a Pool of pg', pool)
  if (typeof channel !== 'string' || !/^\w{1,63}$/.test(channel))
    throw refusal('channel', '1 to 63 letters, digits or underscores', channel)
  let listening: PostgresClient | undefined
  return {
    maxBytes: MOST_BYTES,
    async send(bytes) {
      if (listening === undefined) throw new Error('no connection listens')
      await listening.query('SELECT pg_notify($1, $2)', [channel, Buffer.from(bytes).toString('base64')])
    },
    async listen(onBytes, onLost) {
      const client = await pool.connect()
      let isOver = false
      const end = (): void => {
        if (isOver) return
        isOver = true
        if (listening === client) listening = undefined
        // Nobody else is to be given a client that listens.
        client.release(true)
      }
      const lost = (): void => {
        if (isOver) return
        end()
        onLost()
      }
      client.on('error', lost)
      client.on('end', lost)
      client.on('notification', ({ channel: of, payload }) => {
        if (of === channel) onBytes(Buffer.from(payload ?? '', 'base64'))
      })
      try {
        await client.query(`LISTEN "${channel}"`)
      } catch (error) {
        end()
        throw error
      }
      listening = client
      return end
    },
  }
}
