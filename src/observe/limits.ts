/** What of Node a limit is read from. */
export interface Machine {
  readonly execArgv: readonly string[]
  readonly nodeOptions: string
  /** `heap_size_limit`, the young generation included. */
  readonly heapLimit: number
  /** Megabytes, in a worker. */
  readonly workerLimit: number | undefined
  /** 0, undefined or an enormous number where there is none. */
  readonly constrained: number | undefined
  readonly total: number
}

const MB = 1024 ** 2

/**
 * Bytes that V8's old generation may hold. The process dies when that one is full, and not at `heap_size_limit`, which counts the young
 * generation too. `isKnown` tells that it was said by a flag or for a worker.
 */
export function oldGenerationLimit(machine: Machine): { readonly limit: number; readonly isKnown: boolean } {
  if (machine.workerLimit !== undefined && machine.workerLimit > 0)
    return { limit: machine.workerLimit * MB, isKnown: true }
  const flags = [...machine.nodeOptions.split(/\s+/), ...machine.execArgv].join(' ')
  const found = [...flags.matchAll(/--max[-_]old[-_]space[-_]size[= ](\d+)/g)].at(-1)
  if (found !== undefined) return { limit: Number(found[1]) * MB, isKnown: true }
  const { heapLimit } = machine
  return { limit: heapLimit - Math.min(192 * MB, heapLimit / 4), isKnown: false }
}

/** Bytes that the process may take: the limit of its container, or the memory of the machine. */
export function machineMemory({ constrained, total }: Machine): number {
  return constrained !== undefined && constrained > 0 ? Math.min(constrained, total) : total
}
