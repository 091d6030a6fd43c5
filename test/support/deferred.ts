/** A promise that is settled from outside, for loads that end when a test says so. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}

/** Long enough for everything that hangs on a promise that has been settled. */
export async function ticks(): Promise<void> {
  for (let i = 0; i < 60; i++) await undefined
}
