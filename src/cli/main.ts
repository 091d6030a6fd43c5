#!/usr/bin/env node
import { run } from './run.ts'

// Whoever reads the output may have read enough, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

const { stdin, stdout, stderr } = process
process.exitCode = await run(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  now: () => process.uptime() * 1000,
})
