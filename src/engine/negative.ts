const brand: symbol = Symbol.for('nearcache.NegativeResult')

/**
 * What a load found out that is no value: that nothing is there, or an error. Kept as an entry that is never live. `instanceof`
 * recognises it across several copies of the package, which may share a store.
 */
export class NegativeResult {
  readonly kind: 'absent' | 'failed'
  readonly error: unknown

  constructor(kind: 'absent' | 'failed', error: unknown) {
    this.kind = kind
    this.error = error
    Object.defineProperty(this, brand, { value: true })
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value
  }
}
