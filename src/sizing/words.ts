/** A number as it is read. */
export function count(value: number): string {
  return value.toLocaleString('en')
}

export function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`
}

/** A change of a hit ratio. */
export function points(gain: number): string {
  const rounded = (Math.abs(gain) * 100).toFixed(1)
  if (rounded === '0.0') return 'the same'
  return `${gain > 0 ? '+' : '−'}${rounded} points`
}

/** So many reads say nothing; `wanted` say something. */
export function tooShort(reads: number, wanted: number, verb: 'Record' | 'Wait for'): string {
  return `Too short to say: ${count(reads)} reads. ${verb} at least ${count(Math.ceil(wanted))}, better ten times as many.`
}

/** Hardly any read would hit: `room` says with how much room. */
export function doNotCache(room: string, hitRatio: number): string {
  return `Do not cache this: ${room} only ${percent(hitRatio)} of reads would hit.`
}
