import { nonEmptyString } from '../options/options.ts'
import type { Bus } from './tier.ts'

type Channel = InstanceType<typeof BroadcastChannel>

/**
 * The threads of one process: `remote: broadcastBus()` of a tiered cache. `channel` is the name of the BroadcastChannel, the same in all
 * threads. Throws a TypeError for a wrong one.
 */
export function broadcastBus(channel = 'nearcache'): Bus {
  nonEmptyString(channel, 'channel')
  // A channel hears all but what it has sent itself, so there are two.
  let out: Channel | undefined
  return {
    send(bytes) {
      if (out === undefined) throw new Error('the channel is closed')
      out.postMessage(bytes)
    },
    async listen(onBytes) {
      const into = open(channel)
      const own = open(channel)
      out = own
      into.onmessage = ({ data }: { data: unknown }) => onBytes(data as Uint8Array)
      keepsNothingAlive(into)
      return () => {
        if (out === own) out = undefined
        into.close()
        own.close()
      }
    },
  }
}

function open(channel: string): Channel {
  const made = new BroadcastChannel(channel)
  keepsNothingAlive(made)
  return made
}

/** On Node a channel that listens keeps its thread alive, unless told otherwise. */
function keepsNothingAlive(channel: Channel): void {
  const { unref } = channel as { unref?: () => void }
  unref?.call(channel)
}
