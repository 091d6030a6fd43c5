import type { Signal } from '../options/options.ts'

/** What is called when a signal fires: one listener for a signal, however many wait for it. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>()

/** Calls back when the signal fires. Returns a function that ends the wait. */
export function whenAborted(signal: Signal, callback: () => void): () => void {
  const source = signal as AbortSignal
  const callbacks = waiting.get(source) ?? new Set()
  if (callbacks.size === 0) {
    waiting.set(source, callbacks)
    source.addEventListener('abort', callAll)
  }
  callbacks.add(callback)
  return () => {
    callbacks.delete(callback)
    if (callbacks.size === 0) source.removeEventListener('abort', callAll)
  }
}

function callAll({ target }: Event): void {
  for (const callback of [...(waiting.get(target as AbortSignal) ?? [])]) callback()
}
