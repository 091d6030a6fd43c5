import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { bars } from '../charts/bars.ts'
import { type Drawing, picture, writeChart } from '../charts/chart.ts'
import { caption, type Environment } from '../report.ts'
import type { Timed, WayResult } from './beside.ts'
import type { Cost } from './cost.ts'

export interface TiersReport {
  readonly environment: Environment
  readonly redis: string
  readonly ways: readonly (WayResult & { readonly version: string | undefined; readonly tells: string })[]
  readonly costs: readonly Cost[]
}

/** Writes the page and the chart of the results in a folder; the page, or undefined where there are no results. */
export function writeTiersPage(folder: URL): string | undefined {
  const file = new URL('tiers.json', folder)
  if (!existsSync(file)) return undefined
  const report: TiersReport = JSON.parse(readFileSync(file, 'utf8'))
  writeChart(tiersChart(report), folder, 'tiers')
  const page = tiersPage(report)
  writeFileSync(new URL('tiers.md', folder), page)
  return page
}

/** A local hit of each that has one: ours by both of its methods. */
function tiersChart({ ways, environment, redis }: TiersReport): Drawing {
  const [ours] = ways
  const rows = [
    { name: 'nearcache get', time: ours!.get!.time, ours: true },
    ...ways.flatMap(({ name, localHit }, i) =>
      localHit === undefined
        ? []
        : [{ name: i === 0 ? 'nearcache getOrLoad' : name, time: localHit.time, ours: i === 0 }],
    ),
  ]
  return (colors) => ({
    title: 'A hit in this process, with Redis behind it',
    subtitle:
      'Time of one hit, awaited by all but the first, and how many times that of getOrLoad. Shorter is better',
    caption: [`Redis ${redis} · ${caption(environment)}`],
    plot: bars(
      rows.map(({ name, time, ours: isOurs }) => ({
        name,
        value: time,
        label: `${time < 0.1 ? `${Math.round(1000 * time)} ns` : `${time.toFixed(2)} µs`}${isOurs ? '' : `  ·  ${(time / ours!.localHit!.time).toFixed(0)} ×`}`,
        ours: isOurs,
      })),
      colors,
      { marginLeft: 250 },
    ),
  })
}

export function tiersPage({ environment, redis, ways, costs }: TiersReport): string {
  const time = (timed: Timed | undefined): string =>
    timed === undefined
      ? '–'
      : `${timed.time < 1 ? timed.time.toFixed(3) : timed.time.toFixed(0)} µs (${timed.ratio.toFixed(timed.ratio < 10 ? 2 : 0)})`
  const row = (what: string, of: (way: TiersReport['ways'][number]) => string): string =>
    `| ${what} | ${ways.map(of).join(' | ')} |`
  return `# Two tiers beside others

${caption(environment)} · Redis ${redis}. Written by \`npm run bench:tiers\`.

Caches that keep values in this process with Redis behind them, as their documentation shows them, over one Redis on the same machine, each
operation by all of them in turn. In brackets: how many times what nearcache takes, the median of the rounds.

${picture('tiers', 'The time of one hit in this process, of each cache that has one')}

| | ${ways.map(({ name, version }) => (version === undefined ? `**${name}**` : `${name} ${version}`)).join(' | ')} |
|---|${ways.map(() => '--:').join('|')}|
${[
  row('hit in this process, awaited', ({ localHit }) => time(localHit)),
  row('hit in Redis, kept here', ({ remoteHit }) => time(remoteHit)),
  row('miss, load, stored in both', ({ miss }) => time(miss)),
  row('100 keys from Redis', ({ batch }) => time(batch)),
  row('invalidation, awaited', ({ invalidation }) => time(invalidation)),
  row('invalidations a second, 50 at a time', ({ invalidations }) =>
    Math.round(invalidations).toLocaleString('en'),
  ),
  row('CPU of Redis: hit there', ({ server }) => `${server.remoteHit.toFixed(0)} µs`),
  row('CPU of Redis: miss', ({ server }) => `${server.miss.toFixed(0)} µs`),
  row('CPU of Redis: invalidation', ({ server }) => `${server.invalidation.toFixed(0)} µs`),
  row('others are told by', ({ tells }) => tells),
  row('until another process gives the new value', ({ delivery }) =>
    delivery === undefined ? 'the ttl' : `${delivery.median.toFixed(1)} ms, 99 %: ${delivery.p99.toFixed(1)}`,
  ),
  row(
    'reads that gave what had been invalidated',
    ({ stale: { reads, old } }) => `${old.toLocaleString('en')} of ${reads.toLocaleString('en')}`,
  ),
  row('the oldest of them', ({ stale }) => (stale.old === 0 ? '–' : `${stale.oldest.toFixed(0)} ms`)),
].join('\n')}

The last two rows: two processes read twenty keys while a third one changes them in the source and invalidates, awaiting each, for the first
half of the time. A load takes up to 8 ms. Counted is a read that began after the invalidation had been acknowledged and still gave what was
before. One that is younger than a message takes is what a near cache costs. An older one was put back by a load that had been under way, and
stays until its ttl ends or the key changes again.

## What the difference buys

The others send \`GET\`, \`SET\` and \`DEL\`. nearcache sends scripts, in which Redis looks whether anything has been invalidated since, in the key,
its tags or the whole cache: a value that was loaded before an invalidation is stored nowhere and given by nobody. An invalidation is
written to a log before it is acknowledged, so who missed the message finds it there within a beat. That costs the time of the server in the
table. See
[the promise](../second-tier.md).

## Beside the client alone

Over ioredis; the median of the rounds of either side, and of their ratio; of local hits the middle one of seven processes. The server's time is that of the command as Redis counts it. What
stands in the way of the goals there stands in the last rows: a script that does nothing, with as many keys and arguments as each of ours, and
one that calls the same commands and neither looks at their answers nor decides. No script can do with less. A pull could be a plain \`HMGET\`,
but some clients and proxies send that to a replica, which may lag, and then proves nothing. A hit in Redis is mostly the way there
and back; what it takes besides is that a longer command is sent, and that what comes is checked, decoded and kept. Where it is 0.5 ms
away, another process between the client and Redis holds each byte for so long, either way, for both sides of the pair.

| | nearcache | beside it | ratio | goal |
|---|--:|--:|--:|--:|
${costs.map(costRow).join('\n')}
`
}

function costRow({ what, ours, unit, name, its, ratio, goal, least }: Cost): string {
  const shown = (figure: number): string =>
    unit === 'a second'
      ? `${Math.round(figure).toLocaleString('en')} a second`
      : `${figure.toFixed(figure < 100 ? 1 : 0)} ${unit}`
  return `| ${what} | ${shown(ours)} | ${its === undefined ? '' : `${name}: ${shown(its)}`} | ${ratio?.toFixed(2) ?? ''} | ${goal === undefined ? (least === undefined ? '' : `≥ ${least.toLocaleString('en')}`) : `≤ ${goal}`} |`
}
