import { readFile, writeFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { count } from '../sizing/words.ts'
import { nearestName } from '../spelling.ts'
import { readArguments } from './arguments.ts'
import { toSvg } from './chart.ts'
import { Failure, quote } from './failure.ts'
import { HELP, SIMULATE_HELP } from './help.ts'
import { type Output, Progress } from './progress.ts'
import { readTrace } from './read.ts'
import { simulate } from './simulate.ts'
import { toText } from './table.ts'

/** What a command has of its surroundings. */
export interface Surroundings {
  readonly stdin: Readable
  readonly stdout: Output
  readonly stderr: Output
  /** Milliseconds from any start, for progress. */
  readonly now: () => number
}

/** Runs a command and gives its exit code: 0, 1 if something could not be read or written, 2 for wrong arguments. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, stderr } = surroundings
  try {
    const [command, ...rest] = args
    if (command === 'simulate' && !isHelp(rest)) await runSimulate(rest, surroundings)
    else stdout.write(await answer(command, rest))
    return 0
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    stderr.write(`nearcache: ${error.message}\n`)
    return error.exitCode
  }
}

const COMMANDS = ['simulate', 'help']

function isHelp(args: readonly string[]): boolean {
  return args.includes('--help') || args.includes('-h')
}

async function answer(command: string | undefined, rest: readonly string[]): Promise<string> {
  if (command === 'simulate' || (command === 'help' && rest[0] === 'simulate')) return SIMULATE_HELP
  if (command === 'help' || command === '--help' || command === '-h') return HELP
  if (command === '--version') return `${await version()}\n`
  const meant = nearestName(command ?? '', COMMANDS)
  const got = command === undefined ? 'no command' : quote(command)
  const hint = meant === undefined ? 'see nearcache --help' : `did you mean ${quote(meant)}?`
  throw new Failure(`expected a command such as 'simulate', got ${got}; ${hint}`, 2)
}

async function version(): Promise<string> {
  const file = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}

async function runSimulate(args: readonly string[], surroundings: Surroundings): Promise<void> {
  const { path, format, ttl, sizes, policy, now: present, json, chart, quiet } = readArguments(args)
  const { stdin, stdout, stderr, now } = surroundings
  const progress = quiet ? undefined : new Progress(stderr, now)
  try {
    const onReads = (reads: number): void => progress?.report(() => `reading: ${count(reads)} reads`)
    const onWarning = (message: string): unknown => stderr.write(`nearcache: ${message}\n`)
    const trace = await readTrace(path, { format, stdin, onProgress: onReads, onWarning })
    if (ttl !== undefined && trace.times === undefined) {
      throw new Failure(
        `--ttl: expected a trace with times (a key, a tab, milliseconds), got ${trace.name}`,
        2,
      )
    }
    const simulation = simulate(trace, {
      sizes,
      policy,
      now: present,
      ttl: ttl ?? Infinity,
      onProgress: (task, done) => progress?.report(() => `${Math.floor(done * 100)} % ${task}`),
    })
    if (chart !== undefined) await write(chart, toSvg(simulation))
    progress?.end()
    stdout.write(json ? `${JSON.stringify(simulation, undefined, 2)}\n` : toText(simulation))
  } catch (error) {
    progress?.end()
    throw error
  }
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text)
  } catch (error) {
    throw new Failure(`${path}: expected a file to write, got ${(error as Error).message}`)
  }
}
