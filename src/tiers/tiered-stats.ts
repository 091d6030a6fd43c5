import type { CacheStats } from '../engine/stats.ts'
import type { Protocol } from './protocol.ts'

/** What `TieredCache.stats()` gives: the counters of the local part, and those of the second tier. */
export interface TieredStats extends CacheStats {
  readonly remote: {
    /** Keys that the second tier had, and had not, when it was asked. */
    readonly hits: number
    readonly misses: number
    /** Results of loads that were stored there, and those that were refused: by why. */
    readonly fills: {
      readonly stored: number
      /** The store has lost what the load began with. */
      readonly unknown: number
      /** Too many other keys were invalidated meanwhile. */
      readonly old: number
      /** The key was invalidated meanwhile. */
      readonly overtaken: number
      /** A younger value is there. */
      readonly newer: number
      /** The store is full, and evicts nothing. */
      readonly full: number
    }
    /** Messages about invalidations: sent, acknowledged, sent again for want of an answer; keys and tags that wait to be sent. */
    readonly sent: number
    readonly acknowledged: number
    readonly sentAgain: number
    readonly queued: number
    /** Messages that have arrived, own ones included. */
    readonly received: number
    /** Whether the channel is subscribed to, which brings news at once. */
    readonly isListening: boolean
    /** Reads of the log, and pushes that did not follow on what was known. */
    readonly pulls: number
    readonly gaps: number
    /** How often the store did not know what this process had seen; messages that could not be read. */
    readonly anchorings: number
    readonly malformed: number
    /** How often all that is held here was given up, and how often what the store had lost was sent again. */
    readonly distrusts: number
    readonly repairs: number
    /** How often the store was given up for a while. */
    readonly breakerOpenings: number
    /** Milliseconds since the state of the log was last proven; Infinity before the first time. */
    readonly knownFor: number
  }
}

export function tieredStats(local: CacheStats, protocol: Protocol): TieredStats {
  const { values, distrusts, outbox, requests, follower } = protocol
  const { hits, misses, ...fills } = values.counts
  const { received, pulls, gaps, anchorings, sentAgain, malformed } = follower.counts
  return {
    ...local,
    remote: {
      hits,
      misses,
      fills,
      sent: outbox.sent,
      acknowledged: outbox.acknowledged,
      sentAgain: outbox.sentAgain,
      queued: outbox.queued,
      received,
      isListening: protocol.isListening,
      pulls,
      gaps,
      anchorings,
      malformed,
      distrusts,
      repairs: sentAgain,
      breakerOpenings: requests.openings,
      knownFor: protocol.now() - follower.knownAt,
    },
  }
}
