import { isRecord, nonEmptyString } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import type { Bus } from './tier.ts'

/** What is called of a connection to NATS. */
export interface NatsConnection {
  publish(subject: string, payload: Uint8Array): void
  subscribe(
    subject: string,
    options: { callback(error: Error | null, message: { readonly data: Uint8Array }): void },
  ): { unsubscribe(): void }
  status(): AsyncIterable<{ readonly type: string }>
  closed(): Promise<unknown>
}

/**
 * A subject of NATS: `remote: natsBus(connection)` of a tiered cache, over a connection of `@nats-io/transport-node` or `nats`. The subject
 * is the same in all processes. Throws a TypeError for a wrong one, and for what is no connection.
 */
export function natsBus(connection: NatsConnection, subject = 'nearcache'): Bus {
  if (
    !isRecord(connection) ||
    !['publish', 'subscribe', 'status', 'closed'].every((method) => typeof connection[method] === 'function')
  )
    throw refusal('connection', 'a connection to NATS', connection)
  nonEmptyString(subject, 'subject')
  if (/[\s*>]/.test(subject)) throw refusal('subject', 'one without spaces and wildcards', subject)
  /** What to call where the connection breaks: those who listen now. */
  const listening = new Set<() => void>()
  /** Subscriptions that are listened to no more, which a broken connection cannot be told of. */
  const stale = new Set<{ unsubscribe(): void }>()
  let isUp = true
  let isWatched = false
  const changed = (isConnected: boolean): void => {
    isUp = isConnected
    if (!isConnected) for (const lost of [...listening]) lost()
  }
  const watch = async (): Promise<void> => {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') changed(false)
      if (type === 'reconnect') changed(true)
    }
  }
  const assertUp = (): void => {
    if (!isUp) throw new Error('the connection is broken')
  }
  return {
    send(bytes) {
      assertUp()
      connection.publish(subject, bytes)
    },
    async listen(onBytes, onLost) {
      if (!isWatched) {
        isWatched = true
        const ended = (): void => changed(false)
        void watch().then(ended, ended)
        void connection.closed().then(ended, ended)
      }
      assertUp()
      for (const old of stale) old.unsubscribe()
      stale.clear()
      const subscription = connection.subscribe(subject, {
        callback(error, message) {
          if (error === null) onBytes(message.data)
        },
      })
      const lost = (): void => {
        listening.delete(lost)
        stale.add(subscription)
        onLost()
      }
      listening.add(lost)
      return () => {
        if (listening.delete(lost)) subscription.unsubscribe()
      }
    },
  }
}
