import type { State } from './wire.ts'

interface Modules {
  readonly os?: { hostname(): string } | undefined
  readonly v8?: { getHeapStatistics(): { used_heap_size: number; heap_size_limit: number } } | undefined
  readonly cluster?: { readonly isWorker: boolean } | undefined
}

const modules: Modules = {
  os: builtIn('node:os'),
  v8: builtIn('node:v8'),
  cluster: builtIn('node:cluster'),
}

/** The module of that name, where the runtime has it. */
function builtIn<T>(name: string): T | undefined {
  try {
    return globalThis.process?.getBuiltinModule?.(name) as T | undefined
  } catch {
    return undefined
  }
}

/** This process, as it is told from others that answer at the same address. */
export const instance: State['instance'] = {
  id: Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join(''),
  host: modules.os?.hostname() ?? '',
  pid: globalThis.process?.pid ?? 0,
  started: Math.round(performance.timeOrigin),
}

/** Whether connections are shared out among processes, so that a connection that is kept always leads to the same one. */
export const isWorker: boolean = modules.cluster?.isWorker === true

/** Bytes of the heap, used and at most; null where the runtime does not tell. */
export function heapOf(): State['heap'] {
  if (modules.v8 === undefined) return null
  const { used_heap_size: used, heap_size_limit: limit } = modules.v8.getHeapStatistics()
  return { used, limit }
}
