import { Readable } from 'node:stream'
import { run } from '../../src/cli/run.ts'

export interface Finished {
  exitCode: number
  stdout: string
  stderr: string
}

/** Runs the command as the process does, with standard input given as pieces. */
export async function nearcache(
  args: readonly string[],
  ...stdin: (string | Uint8Array)[]
): Promise<Finished> {
  let stdout = ''
  let stderr = ''
  const exitCode = await run(args, {
    stdin: Readable.from(stdin.map((piece) => Buffer.from(piece as string))),
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    now: () => 0,
  })
  return { exitCode, stdout, stderr }
}
