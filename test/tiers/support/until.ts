const LIMIT = 40_000

/** Asks again and again, as only the other side knows when it is so. */
export async function until(isSo: () => boolean | Promise<boolean>, what = 'it'): Promise<void> {
  const end = Date.now() + LIMIT
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`${what} did not come to pass within ${LIMIT / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
