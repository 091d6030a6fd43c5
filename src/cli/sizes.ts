import { misuse, quote } from './failure.ts'

/** Sizes as they were asked for: numbers, and shares of the whole trace. */
export type SizeRequest = { readonly size: number } | { readonly share: number }

const EXPECTED = "sizes such as '100,500,1%'"

/** Reads `100,500,1%`. */
export function parseSizes(text: string): SizeRequest[] {
  return text.split(',').map((part) => {
    const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(part.trim()) ?? []
    const number = Number(digits)
    if (digits === undefined || !(number > 0)) throw misuse('--sizes', EXPECTED, quote(part))
    if (percent === '%') {
      if (number > 100) throw misuse('--sizes', 'at most 100%', quote(part))
      return { share: number / 100 }
    }
    if (!Number.isSafeInteger(number)) throw misuse('--sizes', `${EXPECTED}, whole numbers`, quote(part))
    return { size: number }
  })
}

/** The sizes in ascending order, each once. `whole` is the size at which everything fits. */
export function sizesOf(requests: readonly SizeRequest[] | undefined, whole: number): number[] {
  const sizes =
    requests?.map((request) =>
      'size' in request ? request.size : Math.max(1, Math.round(request.share * whole)),
    ) ?? ladder(whole)
  return [...new Set(sizes)].sort((a, b) => a - b)
}

/** 1, 2, 5, 10, 20, 50 and so on, from a thousandth of the whole up to it. */
function ladder(whole: number): number[] {
  const sizes: number[] = []
  for (let power = 1; power < whole; power *= 10) {
    for (const digit of [1, 2, 5]) {
      const size = power * digit
      if (size >= whole / 1000 && size < whole) sizes.push(size)
    }
  }
  return [...sizes, whole]
}
