import { HEAD_BYTES } from './bus-frame.ts'
import { BusLink } from './bus-link.ts'
import { LOCAL_EPOCH, LocalLog } from './local-log.ts'
import { decodeMessage, encodeMessage, MOST_BYTES } from './message.ts'
import type { Bus, Tier } from './tier.ts'
import type { TieredSettings } from './tiered-options.ts'

/** The link of each bus, which all caches over it share. */
const links = new WeakMap<Bus, BusLink>()

/**
 * A bus as a tier that holds no values: its log is what this process hears. A reading of it is a beat that comes back by the bus, so
 * that all that was sent before has come too, or is known to be missing by its number.
 */
export function busTier(bus: Bus, { name, maxStale, beat }: TieredSettings, now: () => number): Tier {
  const link = links.get(bus) ?? new BusLink(bus, now)
  links.set(bus, link)
  const mostBytes = Math.min(bus.maxBytes ?? MOST_BYTES, MOST_BYTES) - HEAD_BYTES
  const log = new LocalLog()
  const part = { name, log, maxSilence: maxStale + beat }
  link.join(part)
  const state = () => ({ epoch: LOCAL_EPOCH, head: log.head, time: 0, knownFor: link.silence(beat) })
  return {
    isBus: true,
    serializer: nothing,
    maxMessageBytes: mostBytes,
    push: log.push(() => link.leave(part)),
    async pull(seen) {
      await link.beat(beat / 10)
      const entries = log.after(seen)
      return { ...state(), isKnown: entries !== undefined, entries: entries ?? [] }
    },
    async anchor() {
      await link.ready()
      return { ...state(), isFresh: true, age: 0, oldest: log.head, lost: [] }
    },
    async write({ body }) {
      const { previous, id } = await link.tell(part, body.length > mostBytes ? everything(body) : body)
      return { isKnown: true, epoch: LOCAL_EPOCH, id, previous, kept: false }
    },
    read: async (keys) => ({
      isKnown: true,
      epoch: LOCAL_EPOCH,
      head: log.head,
      values: keys.map(() => undefined),
    }),
    fill: async () => 'unknown',
  }
}

/** What stands for an invalidation that is too long for the bus: all is cleared. */
function everything(body: Uint8Array): Uint8Array {
  return encodeMessage({ ...decodeMessage(body)!, keys: [], tags: [], isClear: true, expires: false })
}

/** Values stay in the process as they are. */
const nothing = {
  id: 0,
  encode: () => new Uint8Array(),
  decode: () => undefined,
}
