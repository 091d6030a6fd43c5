import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type * as product from '../../../src/tiers/tiered-cache.ts'
import type { ServerMechanism } from './model.ts'
import type { Profile, Violation } from './profiles.ts'
import { play } from './world.ts'

/** A mechanism of the protocol, and what stands in its place when it is switched off. */
export interface Mutant {
  /** A file of src/tiers/, the text that is the mechanism, and another one. None of them: it is one of the server. */
  readonly file?: string
  readonly from?: string
  readonly to?: string
  readonly server?: ServerMechanism
  /** A schedule of the world that does not bear it. */
  readonly profile: Profile
  readonly seed: number
}

const root = fileURLToPath(new URL('../../../', import.meta.url))
const tiers = join(root, 'src/tiers/')

/** The product with a mechanism switched off. */
export async function load({ file, from, to }: Mutant): Promise<Pick<typeof product, 'simulatedCache'>> {
  const cache = join(root, 'node_modules/.cache')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'mutant-'))
  const outfile = join(folder, 'mutant.mjs')
  try {
    await build({
      entryPoints: [join(tiers, 'tiered-cache.ts')],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      logLevel: 'silent',
      plugins: [
        {
          name: 'mutant',
          setup(build) {
            build.onLoad({ filter: /src[\\/]tiers[\\/].*\.ts$/ }, ({ path }) => ({
              contents:
                path === join(tiers, file ?? '') ? mutated(path, from!, to!) : readFileSync(path, 'utf8'),
              loader: 'ts',
            }))
          },
        },
      ],
    })
    return await import(pathToFileURL(outfile).href)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function mutated(path: string, from: string, to: string): string {
  const text = readFileSync(path, 'utf8')
  if (text.split(from).length !== 2) throw new Error(`${path}: expected once: ${from}`)
  return text.replace(from, () => to)
}

/** As many schedules are tried where the known one finds nothing any more, as after a change of what the world draws. */
const MOST = 100

/** What the world finds with the mechanism switched off: nothing means that it is good for nothing. */
export async function findingOf(mutant: Mutant): Promise<readonly Violation[]> {
  const product = await load(mutant)
  for (const seed of [mutant.seed, ...Array.from({ length: MOST }, (_, i) => i + 1)]) {
    const violations = await play(product, seed, mutant.profile, mutant.server)
    if (violations.length > 0) return violations
  }
  return []
}

/*
 * Where a schedule that needs the mechanism is one in tens of thousands, a test of its own makes the case: in follower.test.ts that entries
 * of a pull are chained and that a pull counts where it reached the head, in tiered-cache.test.ts that what is under way is overtaken where
 * the server has lost its state, and that old loads are not joined.
 */
export const mutants: Record<string, Mutant> = {
  'own invalidations act here at once': {
    file: 'protocol.ts',
    from: '    this.drop(cover)\n    return this.#told(',
    to: '    return this.#told(',
    profile: 'calm',
    seed: 1,
  },
  'entries of the log act here': {
    file: 'follower.ts',
    from: 'if (!isOwn || message.isRepair) this.#host.drop(message)',
    to: '',
    profile: 'calm',
    seed: 1,
  },
  'invalidations overtake loads': {
    file: 'near.ts',
    from: 'this.root.clear()\n      return\n    }\n    for (const key of cover.keys)',
    to: 'return\n    }\n    for (const key of cover.keys)',
    profile: 'lossy',
    seed: 1,
  },
  'key fence in L2': { server: 'key fence in L2', profile: 'lossy', seed: 1 },
  'tag check on L2 read': { server: 'tag check on L2 read', profile: 'lossy', seed: 1 },
  'clear position': { server: 'clear position', profile: 'lossy', seed: 1 },
  'floors of the fences': { server: 'floors of the fences', profile: 'lossy', seed: 5 },
  'eviction check of the fences': { server: 'eviction check of the fences', profile: 'storm', seed: 29 },
  'epoch in entries': { server: 'epoch in entries', profile: 'storm', seed: 2 },
  'history check on read': { server: 'history check on read', profile: 'storm', seed: 9 },
  'history check on fill': { server: 'history check on fill', profile: 'storm', seed: 4 },
  'history check on pull': { server: 'history check on pull', profile: 'split', seed: 100_055 },
  'conflict gives the value up': { server: 'conflict gives the value up', profile: 'lossy', seed: 1 },
  'chain check on push': {
    file: 'follower.ts',
    from: 'last !== undefined && entry.epoch === epoch && entry.previous === last',
    to: 'last !== undefined',
    profile: 'storm',
    seed: 58,
  },
  pulls: {
    file: 'follower.ts',
    from: '  pull(): void {\n    if (this.#isClosed) return',
    to: '  pull(): void {\n    if (this.#isClosed || this.last !== undefined) return',
    profile: 'lossy',
    seed: 45,
  },
  'trust has an end': {
    file: 'protocol.ts',
    from: 'this.near.trust(knownAt + this.settings.maxStale, () => this.#lapse())',
    to: '',
    profile: 'storm',
    seed: 78,
  },
  'pending keys bypass L2': {
    file: 'remote-values.ts',
    from: 'keys.filter((key) => !outbox.isPending(key))',
    to: '[...keys]',
    profile: 'lossy',
    seed: 1,
  },
  'pending tags are not taken from L2': {
    file: 'remote-values.ts',
    from: 'entry.tags.some((tag) => pendingTags.has(tag))',
    to: '(false as boolean)',
    profile: 'lossy',
    seed: 1,
  },
  'what got no answer is sent again': {
    file: 'outbox.ts',
    from: "item.state = 'queued'\n      this.#afterQueueing()",
    to: 'this.items.delete(item)',
    profile: 'storm',
    seed: 5,
  },
  'lost history is sent again': {
    file: 'follower.ts',
    from: 'if (covers.length === 0) return',
    to: 'if (covers.length >= 0) return',
    profile: 'storm',
    seed: 2,
  },
  'token from before the write': {
    file: 'tiered-write.ts',
    from: 'await store(space, key, text, value, work, token, options, limit)',
    to: 'await store(space, key, text, value, work, protocol.values.token, options, limit)',
    profile: 'split',
    seed: 100_152,
  },
  'updates are overtaken here': {
    file: 'tiered-write.ts',
    from: 'value === undefined || work.isTooLate(terms.tags) ||',
    to: 'value === undefined ||',
    profile: 'lossy',
    seed: 2,
  },
  'what is kept while nothing can be read has a deadline': {
    file: 'protocol.ts',
    from: 'if (now - this.follower.knownAt <= 2 * this.settings.beat) return Infinity',
    to: 'if (now > 0) return Infinity',
    profile: 'sleep',
    seed: 10,
  },
  'pending until seen in the log': {
    file: 'outbox.ts',
    from: 'item.acknowledgedAt = this.#host.now()',
    to: 'this.items.delete(item)',
    profile: 'storm',
    seed: 100_282,
  },
  'distrust on re-anchoring': {
    file: 'follower.ts',
    from: 'this.counts.anchorings++\n    this.#host.distrust()',
    to: 'this.counts.anchorings++\n    if (isFirst) this.#host.distrust()',
    profile: 'quiet',
    seed: 27,
  },
  'trust from the sending of a pull': {
    file: 'follower.ts',
    from: 'this.#sendLostAgain(sentAt)\n      this.#prove(sentAt, reply)',
    to: 'this.#sendLostAgain(sentAt)\n      this.#prove(this.#host.now(), reply)',
    profile: 'sleep',
    seed: 100_020,
  },
  'trust is compared where a read happens': {
    file: 'protocol.ts',
    from: '    this.near.trust(knownAt + this.settings.maxStale, () => this.#lapse())\n',
    to: `    const { maxStale } = this.settings
    this.#host.after(
      knownAt + maxStale - this.now(),
      () => {
        if (this.follower.knownAt === knownAt) this.#lapse()
      },
      false,
    )
`,
    profile: 'sleep',
    seed: 1,
  },
  'what an old primary told is sent again': {
    file: 'follower.ts',
    from: 'const since = reply.isFresh ? sentAt - reply.age - this.#bounds.slack : -Infinity',
    to: 'const since = reply.isFresh ? Infinity : -Infinity',
    profile: 'split',
    seed: 1,
  },
  'clear where too much was lost': {
    file: 'follower.ts',
    from: 'if (isDeep) this.#sendAgain([everything])\n    else ',
    to: '',
    profile: 'split',
    seed: 1,
  },
  'a breaker holds reads back': {
    file: 'requests.ts',
    from: 'return this.#failures >= this.#settings.failures && this.#now() < this.#openUntil',
    to: 'return this.#failures < 0',
    profile: 'sleep',
    seed: 1,
  },
  'expiry by a call is for ever': { server: 'expiry by a call is for ever', profile: 'split', seed: 1 },
  leases: { server: 'leases', profile: 'calm', seed: 1 },
  'each lease is given up by itself': {
    server: 'each lease is given up by itself',
    profile: 'calm',
    seed: 500_381,
  },
  'a load that brings nothing gives its lease up': {
    file: 'tiered-load.ts',
    from: 'if (lease !== undefined && !isStored)',
    to: 'if (lease !== undefined && isStored)',
    profile: 'calm',
    seed: 1,
  },
  'no longer here than it has left there': {
    file: 'tiered-load.ts',
    from: 'context.ttl = space.localTtl(found.left!,',
    to: 'context.ttl = space.localTtl(space.opened.ttl,',
    profile: 'calm',
    seed: 1,
  },
  'what is over is no hit': {
    file: 'tiered-load.ts',
    from: 'if (left === undefined || left <= 0 || options?.forceRefresh) return false',
    to: 'if (options?.forceRefresh) return false',
    profile: 'calm',
    seed: 1,
  },
}
