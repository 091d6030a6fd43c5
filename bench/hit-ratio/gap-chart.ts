import * as Plot from '@observablehq/plot'
import { bars } from '../charts/bars.ts'
import type { Drawing } from '../charts/chart.ts'
import { type Measured, score } from './score.ts'

/** The policies that are drawn, under the names that readers know; of those with several versions, the newest. */
const NAMES: Readonly<Record<string, string>> = {
  'Caffeine-HEAD': 'Caffeine',
  'S3-FIFO': 'S3-FIFO',
  ARC: 'ARC',
  LIRS: 'LIRS',
  '2Q': '2Q',
  CLOCK: 'CLOCK',
  SIEVE: 'SIEVE',
  LRU: 'LRU',
  FIFO: 'FIFO',
  LFU: 'LFU',
}

/** What each policy closes of the gap between LRU and the optimum, as shares; the largest first. */
export function gapsClosed(pairs: readonly Measured[]): { name: string; share: number; ours: boolean }[] {
  const others = Object.entries(NAMES)
    .filter(([policy]) => pairs[0]!.others[policy] !== undefined)
    .map(([policy, name]) => ({
      name,
      share: score(pairs, (pair) => pair.others[policy]!).gapClosed,
      ours: false,
    }))
  const ours = { name: 'nearcache', share: score(pairs, (pair) => pair.ours).gapClosed, ours: true }
  return [ours, ...others].sort((a, b) => b.share - a.share)
}

/** One bar per policy. */
export function gapChart(pairs: readonly Measured[]): Drawing {
  const traces = new Set(pairs.map(({ trace }) => trace)).size
  const rows = gapsClosed(pairs).map(({ name, share, ours }) => ({
    name,
    value: share,
    label: `${Math.round(100 * share)} %`.replace('-', '−'),
    ours,
  }))
  return (colors) => ({
    title: 'How far each policy gets from LRU towards the best hit ratio possible',
    subtitle: `LRU is 0 %; 100 % would be the optimum, which knows the future. Mean of ${pairs.length} cache sizes on ${traces} traces`,
    caption: [],
    plot: bars(rows, colors, { marks: [Plot.ruleX([0], { stroke: colors.muted })] }),
  })
}
