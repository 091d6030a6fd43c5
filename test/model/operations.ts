import fc from 'fast-check'
import type { ModelOptions } from './model.ts'

/** What an operation writes, made a value by the bench: plain numbers, or one of these. */
export type ValueName =
  | number
  | 'fresh'
  | 'null'
  | 'false'
  | 'bigint'
  | 'same'
  | 'heavy'
  | 'refused'
  | 'undefined'

export type Operation = { readonly view: number } & (
  | {
      readonly do: 'get' | 'has' | 'peek' | 'expiresIn' | 'delete' | 'take' | 'expire'
      readonly key: unknown
    }
  | { readonly do: 'getMany' | 'deleteMany'; readonly keys: readonly unknown[] }
  | {
      readonly do: 'set' | 'add'
      readonly key: unknown
      readonly value: ValueName
      readonly options: ModelOptions | undefined
    }
  | {
      readonly do: 'setMany'
      readonly pairs: readonly (readonly [unknown, ValueName])[]
      readonly options: ModelOptions | undefined
    }
  | { readonly do: 'touch'; readonly key: unknown; readonly ttl: number | undefined }
  | {
      readonly do: 'incr' | 'decr'
      readonly key: unknown
      readonly delta: number | bigint | undefined
      readonly options: { readonly initial?: number | bigint; readonly ttl?: number } | undefined
    }
  | {
      readonly do: 'getOrSet'
      readonly key: unknown
      readonly value: ValueName
      readonly options: ModelOptions | undefined
      /** What `compute` does besides giving a value. */
      readonly compute: 'plain' | 'throws' | 'sets' | 'deletes' | 'clears'
    }
  | { readonly do: 'clear' | 'size' | 'iterate' | 'close' }
  | { readonly do: 'deleteByTag'; readonly tag: string }
  | { readonly do: 'resize'; readonly maxEntries: number }
  | { readonly do: 'namespace'; readonly name: string }
  | { readonly do: 'version'; readonly version: number }
  | { readonly do: 'incrVersion' | 'decrVersion'; readonly key: unknown; readonly delta: number | undefined }
  | {
      readonly do: 'load'
      readonly key: unknown
      readonly options: ModelOptions | undefined
      /** How the loader answers; a load that answers later ends by a `land`. */
      readonly answer: ValueName | 'throws' | 'later'
    }
  | { readonly do: 'land'; readonly which: number; readonly answer: ValueName | 'throws' }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'jump'; readonly ms: number }
  /** A sweep, whole or told after its first batch that it is late. */
  | { readonly do: 'sweep'; readonly late: boolean }
)

/** Keys that a Map tells apart and a careless cache does not. */
const object = Object.freeze({ key: true })
const odd: readonly unknown[] = ['1', -0, Number.NaN, '__proto__', null, undefined, true, 1n, object]

const value: fc.Arbitrary<ValueName> = fc.oneof(
  { weight: 8, arbitrary: fc.constant('fresh' as const) },
  { weight: 6, arbitrary: fc.integer({ min: -3, max: 9 }) },
  { weight: 1, arbitrary: fc.constantFrom('null', 'false', 'bigint', 'heavy', 'refused', 'undefined') },
  { weight: 2, arbitrary: fc.constant('same' as const) },
)

const lifetime = fc.constantFrom(undefined, undefined, -1, 0, 0.5, 1, 10, 100, 1000, 5000, Infinity)
const tag = fc.constantFrom('a', 'b', 'c')
const tags = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: fc.array(tag, { maxLength: 3 }) },
)
const options: fc.Arbitrary<ModelOptions | undefined> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.record({ ttl: lifetime, tags }) },
)

/** How often each operation comes, by its weight. */
export function operations(keys: number, namespaces: boolean): fc.Arbitrary<Operation> {
  const key: fc.Arbitrary<unknown> = fc.oneof(
    // A few keys meet often, the others make room short.
    { weight: 5, arbitrary: fc.nat(3) },
    { weight: 5, arbitrary: fc.nat(keys - 1) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  )
  const view = namespaces ? fc.oneof(fc.nat(7), fc.constant(0)) : fc.constant(0)
  const some = fc.array(key, { maxLength: 4 })
  const delta = fc.constantFrom(undefined, 1, 2, -1, 0, 3n)

  const weighted: (readonly [number, fc.Arbitrary<object>])[] = [
    [14, fc.record({ do: fc.constant('set'), view, key, value, options })],
    [16, fc.record({ do: fc.constant('get'), view, key })],
    [6, fc.record({ do: fc.constantFrom('has', 'peek', 'expiresIn'), view, key })],
    [3, fc.record({ do: fc.constant('add'), view, key, value, options })],
    [3, fc.record({ do: fc.constant('touch'), view, key, ttl: lifetime })],
    [4, fc.record({ do: fc.constantFrom('delete', 'take', 'delete', 'take', 'expire'), view, key })],
    [3, fc.record({ do: fc.constantFrom('getMany', 'deleteMany'), view, keys: some })],
    [
      2,
      fc.record({
        ...{ do: fc.constant('setMany'), view, options },
        pairs: fc.array(fc.tuple(key, value), { maxLength: 4 }),
      }),
    ],
    [
      4,
      fc.record({
        ...{ do: fc.constantFrom('incr', 'decr'), view, key, delta },
        options: fc.option(fc.record({ initial: fc.constantFrom(0, 5, 5n), ttl: fc.constantFrom(100, 0) }), {
          nil: undefined,
        }),
      }),
    ],
    [
      4,
      fc.record({
        ...{ do: fc.constant('getOrSet'), view, key, value, options },
        compute: fc.constantFrom('plain', 'plain', 'plain', 'throws', 'sets', 'deletes', 'clears'),
      }),
    ],
    [1, fc.record({ do: fc.constant('clear'), view })],
    [2, fc.record({ do: fc.constantFrom('size', 'iterate'), view })],
    [2, fc.record({ do: fc.constant('deleteByTag'), view, tag })],
    [1, fc.record({ do: fc.constant('resize'), view, maxEntries: fc.integer({ min: 1, max: 20 }) })],
    [
      6,
      fc.record({
        ...{ do: fc.constant('load'), view, key, options },
        answer: fc.oneof(
          { weight: 3, arbitrary: fc.constant('later' as const) },
          { weight: 1, arbitrary: value },
          { weight: 1, arbitrary: fc.constant('throws' as const) },
        ),
      }),
    ],
    [
      5,
      fc.record({
        ...{ do: fc.constant('land'), view: fc.constant(0), which: fc.nat(7) },
        answer: fc.oneof(
          { weight: 4, arbitrary: value },
          { weight: 1, arbitrary: fc.constant('throws' as const) },
        ),
      }),
    ],
    [5, fc.record({ do: fc.constant('advance'), view, ms: fc.constantFrom(1, 10, 100, 999, 5000) })],
    [1, fc.record({ do: fc.constant('jump'), view, ms: fc.constantFrom(-100_000, -100, -1, 100, 2000) })],
    [3, fc.record({ do: fc.constant('sweep'), view, late: fc.boolean() })],
  ]
  if (namespaces) {
    const version = fc.integer({ min: -1, max: 3 })
    weighted.push(
      [2, fc.record({ do: fc.constant('namespace'), view, name: fc.constantFrom('x', 'y', '2') })],
      [1, fc.record({ do: fc.constant('version'), view, version })],
      [
        6,
        fc.record({
          ...{ do: fc.constantFrom('incrVersion', 'decrVersion'), view, key },
          delta: fc.constantFrom(undefined, undefined, 0, 2, -1),
        }),
      ],
      [1, fc.record({ do: fc.constant('close'), view: fc.integer({ min: 1, max: 7 }) })],
    )
  }
  const all = weighted.map(([weight, arbitrary]) => ({ weight, arbitrary }))
  return fc.oneof(...all) as fc.Arbitrary<Operation>
}
