/** Asks again and again, as only the other side knows when it is so. */
export async function until(isSo: () => boolean | Promise<boolean>, what = 'it'): Promise<void> {
  const end = Date.now() + 15_000
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`${what} did not come to pass within 15 s`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
