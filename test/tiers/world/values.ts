import { encodeKey } from '../../../src/tiers/keys.ts'
import { KEYS, TAGS, type Value } from './profiles.ts'

/** Whether a write or a message concerns a key of this world. */
export function covers(
  cover: {
    readonly keys: readonly string[]
    readonly tags: readonly string[]
    mode?: string
    isClear?: boolean
  },
  key: number,
): boolean {
  return (
    cover.mode === 'clear' ||
    cover.isClear === true ||
    cover.keys.includes(encodeKey(KEYS[key]!)) ||
    cover.tags.some((tag) => (TAGS[key] as readonly string[]).includes(tag.slice(1)))
  )
}

const valuesIn = new WeakMap<Uint8Array, Value>()
/** The value in a payload: after the checksum, `J` and JSON. */
export function valueIn(payload: Uint8Array): Value {
  let value = valuesIn.get(payload)
  if (value === undefined) {
    value = JSON.parse(Buffer.from(payload.subarray(5)).toString()) as Value
    valuesIn.set(payload, value)
  }
  return value
}
