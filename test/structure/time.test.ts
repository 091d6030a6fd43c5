import { expect, test } from 'vitest'
import { code, sources } from './sources.ts'

/** Who may ask what for the time, or for a turn later. */
const allowed: Record<string, readonly string[]> = {
  // Unix times at which results and responses expire.
  'adapters/axios.ts': ['Date'],
  'adapters/drizzle.ts': ['Date'],
  'core/clock.ts': ['Date', 'nextTick', 'queueMicrotask'],
  // When a fault was first seen, and printed last.
  'engine/faults.ts': ['Date'],
  // When samples are taken, what time they bear, and how long entries are looked for.
  'observe/dashboard/history.ts': ['Date', 'setInterval'],
  'observe/dashboard/state.ts': ['Date'],
  'observe/dashboard/entries.ts': ['performance'],
  // When the process began.
  'observe/dashboard/instance.ts': ['performance'],
  // A kind of value.
  'observe/dashboard/inspect.ts': ['Date'],
  // The time at which entries of Next were begun, as it tells it.
  'next/revalidations.ts': ['performance'],
  // The length of slices, and the turns between them.
  'observe/guard.ts': ['performance', 'setImmediate'],
  // Since when a cache is held.
  'observe/guarded.ts': ['Date'],
  // The work of an examination, and its pauses.
  'observe/advice.ts': ['performance', 'setTimeout'],
  // How long a load took.
  'observe/instrument.ts': ['performance'],
  'core/sweeper.ts': ['setTimeout', 'clearTimeout', 'performance'],
  // Dates as fields of messages.
  'http/fields.ts': ['Date'],
  // Unix times at which responses were received.
  'http/response-store.ts': ['Date'],
  // Unix times at which responses expire.
  'http/undici.ts': ['Date'],
  // How long a request waits for the response to another.
  'http/response-cache.ts': ['setTimeout', 'clearTimeout'],
  // Unix times of snapshots, and slices with turns between them.
  'snapshot/save.ts': ['Date'],
  'snapshot/reader.ts': ['Date'],
  'snapshot/slices.ts': ['performance', 'setImmediate'],
  // The deadlines of loads.
  'loading/flight.ts': ['setTimeout', 'clearTimeout'],
  // The requests and beats of tiered caches.
  'tiers/host.ts': ['setTimeout', 'clearTimeout'],
  // The time at which entries are stored outside the process, for other processes to compare.
  'tiers/plain-tier.ts': ['Date'],
  // A kind of value.
  'serialize.ts': ['Date'],
  // Dates as values to be kept.
  'testing/statements/bounds.ts': ['Date'],
  'testing/statements/protect.ts': ['Date'],
  // The end of the turn, up to which keys are gathered.
  'loading/batch.ts': ['nextTick', 'queueMicrotask'],
}

/** Names by which a program gets at the time or at a timer; types and `instanceof` are no use of them. */
const uses =
  /(?<!instanceof |typeof |case |as |\.|: )\b(Date(?!\.prototype)|performance|setTimeout|clearTimeout|setInterval|setImmediate|nextTick|queueMicrotask|hrtime)\b/g

test.each(sources)('src/%s asks for the time only where it may', (file) => {
  const used = new Set([...code(file).matchAll(uses)].map(([, name]) => name!))
  expect([...used].filter((name) => !allowed[file]?.includes(name))).toEqual([])
})
