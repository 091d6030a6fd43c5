import cluster, { type Worker } from 'node:cluster'
import { isRecord, nonEmptyString } from '../options/options.ts'
import type { Bus } from './tier.ts'

/** How it goes between the processes, which exchange JSON. */
interface ClusterMessage {
  readonly nearcache: string
  readonly data: string
}

/** The channels that this process relays, with those who listen to them here. */
const relayed = new Map<string, Set<(message: ClusterMessage) => void>>()

/**
 * The workers of `node:cluster`: `remote: clusterBus()` of a tiered cache. The primary process passes on what a worker sends, so it has to
 * call this too, before it forks; it may have caches of its own. `channel` is the same in all of them. Throws a TypeError for a wrong one.
 */
export function clusterBus(channel = 'nearcache'): Bus {
  nonEmptyString(channel, 'channel')
  return cluster.isPrimary ? primaryBus(channel) : workerBus(channel)
}

function workerBus(channel: string): Bus {
  return {
    send: (bytes) =>
      new Promise<void>((resolve, reject) => {
        // A channel that is closed throws on some versions, and calls back on others.
        if (process.send === undefined || !process.connected) throw new Error('the primary is gone')
        process.send(messageOf(channel, bytes), undefined, undefined, (error: Error | null) =>
          error ? reject(error) : resolve(),
        )
      }),
    async listen(onBytes, onLost) {
      const onMessage = (message: unknown): void => {
        if (isOurs(message) && message.nearcache === channel) onBytes(Buffer.from(message.data, 'base64'))
      }
      process.on('message', onMessage)
      process.once('disconnect', onLost)
      return () => {
        process.off('message', onMessage)
        process.off('disconnect', onLost)
      }
    },
  }
}

function primaryBus(channel: string): Bus {
  const listeners = relayed.get(channel) ?? new Set()
  if (relayed.size === 0) cluster.on('message', (_worker, message) => relay(message))
  relayed.set(channel, listeners)
  return {
    send: (bytes) => relay(messageOf(channel, bytes)),
    async listen(onBytes) {
      const listener = ({ data }: ClusterMessage): void => onBytes(Buffer.from(data, 'base64'))
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function relay(message: unknown): void {
  if (!isOurs(message)) return
  const listeners = relayed.get(message.nearcache)
  if (listeners === undefined) return
  for (const worker of Object.values(cluster.workers ?? {})) pass(worker, message)
  for (const listener of listeners) listener(message)
}

/** To a worker that may be about to end; one that misses something finds out by the number of the next. */
function pass(worker: Worker | undefined, message: ClusterMessage): void {
  if (worker?.isConnected()) worker.process.send(message, undefined, undefined, () => {})
}

function messageOf(nearcache: string, bytes: Uint8Array): ClusterMessage {
  return { nearcache, data: Buffer.from(bytes).toString('base64') }
}

function isOurs(message: unknown): message is ClusterMessage {
  return isRecord(message) && typeof message.nearcache === 'string' && typeof message.data === 'string'
}
