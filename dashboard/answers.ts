import type { CacheState, Span } from '../src/observe/dashboard/wire.ts'
import * as format from './format.ts'

export type Level = 'good' | 'warn' | 'bad' | 'idle'

/** What the page says to one of the three questions. */
export interface Answer {
  readonly level: Level
  /** In a word or two. */
  readonly title: string
  /** In a few words, where there is something to say. */
  readonly brief: string
  /** In a sentence. */
  readonly text: string
}

/** Reads that were answered here, stale values included, and all reads. */
export function readsOf({ hits, stale, misses }: Span): { readonly answered: number; readonly all: number } {
  return { answered: hits + stale, all: hits + stale + misses }
}

export function hitRatio(span: Span): number | undefined {
  const { answered, all } = readsOf(span)
  return all === 0 ? undefined : answered / all
}

/** Milliseconds of loading that are spared in a second: what the hits would have taken as loads. Undefined where nothing was loaded. */
export function spared(span: Span, mean: number | null): number | undefined {
  return mean === null ? undefined : (readsOf(span).answered * mean) / span.seconds
}

/** Is this cache worth having? */
export function worth(span: Span, mean: number | null): Answer {
  const ratio = hitRatio(span)
  if (ratio === undefined)
    return { level: 'idle', title: 'Not read', brief: 'not read lately', text: 'Nothing was read lately.' }
  const { answered, all } = readsOf(span)
  const saves = spared(span, mean)
  const reads = `${format.rate(all / span.seconds)} reads a second`
  if (answered === 0)
    return { level: 'bad', title: 'No', brief: 'answers nothing', text: `None of ${reads} is answered here.` }
  const text = `${format.percent(ratio)} of ${reads} are answered here${saves === undefined ? '' : `, which spares ${format.duration(saves)} of loading every second`}.`
  if (ratio < 0.1) return { level: 'bad', title: 'Hardly', brief: `answers ${format.percent(ratio)}`, text }
  if (ratio < 0.4)
    return { level: 'warn', title: 'A little', brief: `answers only ${format.percent(ratio)}`, text }
  return { level: 'good', title: 'Yes', brief: '', text }
}

/** How full a cache is, from 0 to 1; undefined without a bound. */
export function fill({ size, maxEntries, heldAt, weight, maxWeight }: CacheState): number | undefined {
  const most = heldAt ?? maxEntries
  const shares = [most === null ? 0 : size / most, maxWeight === null ? 0 : weight / maxWeight]
  return most === null && maxWeight === null ? undefined : Math.min(1, Math.max(...shares))
}

/** What it holds, of what it may: 12 of 100. */
export function held(cache: CacheState): string {
  const { size, maxEntries, weight, maxWeight, unit } = cache
  if (maxWeight !== null)
    return unit === 'bytes'
      ? `${format.bytes(weight)} of ${format.bytes(maxWeight)}`
      : `${format.short(weight)} of ${format.short(maxWeight)}`
  return maxEntries === null
    ? `${format.count(size)} entries`
    : `${format.short(size)} of ${format.short(maxEntries)}`
}

/** Is it large enough? */
export function room(cache: CacheState, span: Span): Answer {
  const { heldAt, heldSince, maxEntries } = cache
  const share = fill(cache)
  const { advice } = cache
  const evicted = format.rate(span.evicted / span.seconds)
  const { all } = readsOf(span)
  if (heldAt !== null && heldAt < (maxEntries ?? Infinity)) {
    const most = maxEntries === null ? '' : ` of ${format.count(maxEntries)}`
    const since = heldSince === null ? '' : ` since ${format.clock(heldSince)}`
    const text = `The heap guard holds it at ${format.count(heldAt)} entries${most}${since}.`
    return { level: 'warn', title: 'Held', brief: `held at ${format.short(heldAt)} by the heap guard`, text }
  }
  if (advice !== null && advice.factor !== 1 && advice.factor > 0) {
    const isLarger = advice.factor > 1
    const title = isLarger ? 'Too small' : 'More than enough'
    return {
      level: isLarger ? 'warn' : 'good',
      title,
      brief: isLarger ? brief(advice.sentence) : '',
      text: advice.sentence,
    }
  }
  if (advice?.factor === 1) return { level: 'good', title: 'Yes', brief: '', text: advice.sentence }
  if (share === undefined)
    return {
      level: 'good',
      title: 'Unbounded',
      brief: '',
      text: `It holds ${held(cache)}, and nothing bounds it.`,
    }
  // Nothing is evicted but for want of room; by weight a cache is full below its bound, which remembered keys count towards.
  if (span.evicted > 0.05 * all) {
    const text = `It is full, and gives up ${evicted} entries a second for want of room.`
    return { level: 'warn', title: 'Too small?', brief: `full, gives up ${evicted} a second`, text }
  }
  const good = { level: 'good', title: 'Yes', brief: '' } as const
  if (share <= 0.95 && span.evicted === 0)
    return { ...good, text: `It holds ${held(cache)}: ${format.percent(share)} of its room.` }
  return {
    ...good,
    text:
      span.evicted > 0
        ? `It is full, and gives up only ${evicted} entries a second.`
        : 'It is full, and has given up nothing lately.',
  }
}

/** The beginning of a sentence of advice: what to do, and what it brings. */
function brief(sentence: string): string {
  return sentence.replace(/[,.].*$/s, '').replace(/^./, (first) => first.toLowerCase())
}

/** Is something wrong? */
export function trouble({ failing, tier, faults, minute }: CacheState): Answer {
  if (failing !== null && failing.loads >= 3) {
    const row = `the last ${format.count(failing.loads)} loads failed`
    const meanwhile = failing.stale ? ' Stale values are given instead.' : ''
    return {
      level: failing.stale ? 'warn' : 'bad',
      title: 'Loads fail',
      brief: failing.stale ? `${row}; stale values are given` : row,
      text: `The last ${format.count(failing.loads)} loads have failed: ${format.visible(failing.error, 120)}.${meanwhile}`,
    }
  }
  if (tier !== null && tier.breaker === 'open') {
    const [what, meanwhile] = tier.isBus
      ? ['bus', 'other processes are not heard']
      : ['second tier', 'values come from the source']
    const since = tier.awayFor === null ? '' : ` for ${format.duration(tier.awayFor)}`
    return {
      level: 'bad',
      title: `The ${what} is away`,
      brief: `${what} away${since}`,
      text: `The ${what} has not answered${since}; ${meanwhile}.`,
    }
  }
  if (minute.failed > 0 && minute.failed >= 0.05 * minute.loads) {
    const share = format.percent(minute.failed / minute.loads)
    return {
      level: 'warn',
      title: 'Loads fail',
      brief: `${share} of loads fail`,
      text: `${share} of the loads of the last minute have failed.`,
    }
  }
  if (tier !== null && tier.maxStale !== null && (tier.knownFor === null || tier.knownFor > tier.maxStale))
    return {
      level: 'warn',
      title: 'Without news',
      brief: `no news of the ${tier.isBus ? 'bus' : 'second tier'}`,
      text: 'Nothing was heard of what others change for longer than what is held may be given.',
    }
  const seen =
    faults === 0 ? '' : ` ${format.count(faults)} ${faults === 1 ? 'fault' : 'faults'} since the start.`
  return {
    level: 'good',
    title: 'Nothing',
    brief: '',
    text: `${minute.loads > 0 ? 'Loads succeed.' : 'No trouble seen.'}${seen}`,
  }
}

export interface Answers {
  readonly worth: Answer
  readonly room: Answer
  readonly trouble: Answer
  /** The one to be told first. */
  readonly first: Answer
}

const ORDER: readonly Level[] = ['good', 'idle', 'warn', 'bad']

/** How much a level asks to be looked at. */
export function urgency({ level }: Answer): number {
  return ORDER.indexOf(level)
}

export function answersTo(cache: CacheState, span: Span): Answers {
  const mean = cache.hour.mean
  const all = { worth: worth(span, mean), room: room(cache, span), trouble: trouble(cache) }
  // A cache whose loads fail answers little for that reason, and one that answers hardly anything is not helped by room.
  const isUseless = all.worth.level === 'bad'
  const first =
    [all.trouble, ...(isUseless ? [] : [all.room])].find(({ level }) => level !== 'good') ?? all.worth
  return { ...all, first }
}
