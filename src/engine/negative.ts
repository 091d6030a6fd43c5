/** What a load found out that is no value: that nothing is there, or an error. Kept as an entry that is never live. */
export class Finding {
  readonly kind: 'absent' | 'failed'
  readonly error: unknown

  constructor(kind: 'absent' | 'failed', error: unknown) {
    this.kind = kind
    this.error = error
  }
}
