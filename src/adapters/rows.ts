/** Rows of drivers that are read by name and by position, such as those of libSQL: their positions are not enumerable, and no serializer sees them. */
interface Pairs {
  readonly pairs: readonly (readonly [values: readonly unknown[], named: object])[]
}

/** Rows as data. */
export function packRows(rows: readonly unknown[]): unknown {
  // Some drivers give an object with rows in it.
  if (!Array.isArray(rows) || !rows.some(hasHiddenPositions)) return rows
  const pairs = rows.map((row) => [Array.from(row as ArrayLike<unknown>), { ...(row as object) }] as const)
  return { pairs } satisfies Pairs
}

/** The rows that were packed, as their driver gave them. */
export function unpackRows(packed: unknown): unknown[] | undefined {
  if (!Array.isArray((packed as Pairs | undefined)?.pairs)) return packed as unknown[] | undefined
  return (packed as Pairs).pairs.map(([values, named]) => {
    const row = { ...named }
    for (const [name, value] of [...values.entries(), ['length', values.length] as const])
      Object.defineProperty(row, name, { value, configurable: true, writable: true })
    return row
  })
}

function hasHiddenPositions(row: unknown): boolean {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return false
  const length = Object.getOwnPropertyDescriptor(row, 'length')
  return length !== undefined && !length.enumerable
}
