import { parseArgs } from 'node:util'
import { Cache, type Duration, type PolicyName } from '../index.ts'
import { nearestName } from '../spelling.ts'
import { Failure, misuse, quote } from './failure.ts'
import { type Format, formatOf } from './format.ts'
import { parseSizes, type SizeRequest } from './sizes.ts'

export interface SimulateArguments {
  /** A file, or `-` for standard input. */
  readonly path: string
  readonly sizes: readonly SizeRequest[] | undefined
  readonly policy: PolicyName | undefined
  /** The present bound. */
  readonly now: number | undefined
  /** Milliseconds. */
  readonly ttl: number | undefined
  readonly format: Format | undefined
  readonly json: boolean
  /** The file to draw to. */
  readonly chart: string | undefined
  readonly quiet: boolean
}

const OPTIONS = {
  sizes: { type: 'string' },
  policy: { type: 'string' },
  now: { type: 'string' },
  ttl: { type: 'string' },
  format: { type: 'string' },
  json: { type: 'boolean' },
  chart: { type: 'string' },
  quiet: { type: 'boolean' },
} as const

/** Reads what follows `nearcache simulate`; throws a Failure. */
export function readArguments(args: readonly string[]): SimulateArguments {
  const { values, positionals } = parse(args)
  const [path, extra] = positionals
  if (path === undefined)
    throw misuse('nearcache simulate', "a trace file, or '-' for standard input", 'none')
  if (extra !== undefined) throw misuse('nearcache simulate', 'one trace', `${quote(extra)} besides`)
  if (values.chart !== undefined && !values.chart.endsWith('.svg'))
    throw misuse('--chart', 'the name of an .svg file', quote(values.chart))
  return {
    path,
    sizes: values.sizes === undefined ? undefined : parseSizes(values.sizes),
    policy: values.policy === undefined ? undefined : policy(values.policy),
    now: values.now === undefined ? undefined : present(values.now),
    ttl: values.ttl === undefined ? undefined : milliseconds(values.ttl),
    format: values.format === undefined ? undefined : format(values.format),
    json: values.json ?? false,
    chart: values.chart,
    quiet: values.quiet ?? false,
  }
}

function parse(
  args: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const [, unknown] = /'(--?[^']+)'/.exec(message) ?? []
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' && unknown !== undefined) {
      const meant = nearestName(
        unknown,
        Object.keys(OPTIONS).map((name) => `--${name}`),
      )
      const hint = meant === undefined ? 'see nearcache simulate --help' : `did you mean '${meant}'?`
      throw new Failure(`${unknown}: there is no such option; ${hint}`, 2)
    }
    // Node's own words, of which the first sentence says what is wrong.
    throw new Failure(message.split('. ')[0]!, 2)
  }
}

function policy(name: string): PolicyName {
  if (name === 'adaptive' || name === 'lru') return name
  throw misuse('--policy', "'adaptive' or 'lru'", quote(name))
}

function present(text: string): number {
  const size = /^\d+$/.test(text) ? Number(text) : 0
  if (Number.isSafeInteger(size) && size > 0) return size
  throw misuse('--now', 'the present bound, a positive integer such as 500', quote(text))
}

function format(name: string): Format {
  if (/^(text|u32)(\.gz|\.br)?$/.test(name)) return formatOf(name)
  throw misuse('--format', "'text' or 'u32', with '.gz' or '.br' if compressed", quote(name))
}

/** A lifetime by the grammar of the cache's own option. */
function milliseconds(text: string): number {
  try {
    const cache = new Cache({ ttl: text as Duration, clock: () => 0 })
    cache.set('key', 'value')
    const time = cache.expiresIn('key')!
    cache.close()
    return time
  } catch (error) {
    throw new Failure(`--${(error as Error).message}`, 2)
  }
}
