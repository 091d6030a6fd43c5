/** A stretch of the demo, as a share of its time. */
export interface Chapter {
  readonly title: string
  readonly until: number
  /** Visitors a second. */
  readonly visitors: number
  /** The supplier of prices answers nothing but errors. */
  readonly isSupplierDown: boolean
  /** Searches a second, each of which is kept and never asked for again. */
  readonly searches: number
}

export const chapters: readonly Chapter[] = [
  { title: 'a quiet morning', until: 0.2, visitors: 150, isSupplierDown: false, searches: 60 },
  { title: 'rush hour', until: 0.5, visitors: 400, isSupplierDown: false, searches: 400 },
  {
    title: 'the supplier of prices is down',
    until: 0.75,
    visitors: 250,
    isSupplierDown: true,
    searches: 400,
  },
  { title: 'the supplier is back', until: 1, visitors: 200, isSupplierDown: false, searches: 250 },
]

/** The chapter at a share of the time. */
export function chapterAt(share: number): Chapter {
  return chapters.find(({ until }) => share < until) ?? chapters.at(-1)!
}
