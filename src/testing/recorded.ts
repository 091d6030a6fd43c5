/** A function that remembers what it was called with. */
export type Recorded<A extends unknown[], R> = ((...args: A) => R) & { readonly calls: A[] }

export function recorded<A extends unknown[], R>(run: (...args: A) => R): Recorded<A, R> {
  const calls: A[] = []
  const call = (...args: A): R => {
    calls.push(args)
    return run(...args)
  }
  return Object.assign(call, { calls })
}
