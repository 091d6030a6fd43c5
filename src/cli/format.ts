/** How a trace is written: see docs/simulate.md. */
export interface Format {
  readonly kind: 'text' | 'u32'
  /** `sniff`: gzip if its first two bytes say so. */
  readonly compression: 'gzip' | 'brotli' | 'sniff'
}

const COMPRESSIONS = { gz: 'gzip', br: 'brotli' } as const

/** The format that a file's name tells by its endings: `.u32` for numbers, else text; `.gz` and `.br` for compression. */
export function formatOf(name: string): Format {
  const ending = /\.(gz|br)$/.exec(name)?.[1] as keyof typeof COMPRESSIONS | undefined
  const rest = ending === undefined ? name : name.slice(0, -3)
  return {
    kind: /(^|[./\\])u32$/.test(rest) ? 'u32' : 'text',
    compression: ending === undefined ? 'sniff' : COMPRESSIONS[ending],
  }
}
