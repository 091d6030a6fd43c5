import { workloads } from '../../bench/hit-ratio/synthetic.ts'
import { type Trace, TraceBuilder } from '../../src/cli/trace.ts'
import { type Course, course, curve, type Point, sizesFor } from './simulation.ts'

/** What the page asks for: `run` numbers its questions, so that late answers can be told apart. */
export type Question =
  | { readonly run: number; readonly kind: 'workload'; readonly name: string; readonly reads: number }
  | { readonly run: number; readonly kind: 'lines'; readonly text: string }
  | { readonly run: number; readonly kind: 'course'; readonly size: number }

export type Answer =
  | {
      readonly run: number
      readonly kind: 'trace'
      readonly reads: number
      readonly keys: number
      readonly sizes: number[]
    }
  | { readonly run: number; readonly kind: 'point'; readonly point: Point }
  | { readonly run: number; readonly kind: 'done' }
  | { readonly run: number; readonly kind: 'course'; readonly size: number; readonly course: Course }
  | { readonly run: number; readonly kind: 'error'; readonly message: string }

let trace: Trace | undefined
let latest = 0

self.onmessage = async ({ data }: MessageEvent<Question>): Promise<void> => {
  const { run } = data
  try {
    if (data.kind === 'course') {
      if (trace !== undefined)
        answer({ run, kind: 'course', size: data.size, course: course(trace, data.size) })
      return
    }
    latest = run
    trace = data.kind === 'lines' ? fromLines(data.text) : fromWorkload(data.name, data.reads)
    const sizes = sizesFor(trace.unique)
    answer({ run, kind: 'trace', reads: trace.keys.length, keys: trace.unique, sizes })
    for (const point of curve(trace, sizes)) {
      answer({ run, kind: 'point', point })
      await new Promise((next) => setTimeout(next))
      if (latest !== run) return
    }
    answer({ run, kind: 'done' })
  } catch (error) {
    answer({ run, kind: 'error', message: error instanceof Error ? error.message : String(error) })
  }
}

function fromWorkload(name: string, reads: number): Trace {
  const builder = new TraceBuilder(name)
  const read = workloads[name]!.make()
  for (let n = 0; n < reads; n++) builder.add(read(n), undefined, undefined)
  return builder.build()
}

/** A key per line; what comes after a tab is left out, as times and weights are. */
function fromLines(text: string): Trace {
  const builder = new TraceBuilder('your reads')
  for (const line of text.split('\n')) {
    const key = line.split('\t')[0]!.trim()
    if (key !== '') builder.add(key, undefined, undefined)
  }
  return builder.build()
}

function answer(message: Answer): void {
  self.postMessage(message)
}
