import { refusal } from '../options/units.ts'

/** Which models the arguments of a query lead to. */
export interface DataModel {
  /** Throws a TypeError unless there is such a model. */
  check(name: unknown, option: string): void
  readBy(model: string, args: unknown): readonly string[]
  writtenBy(model: string, operation: string, args: unknown): readonly string[]
  /** Whether rows of one of these models hold a Decimal, an instance that cannot leave the process. */
  holdDecimals(models: readonly string[]): boolean
}

/** Words of arguments that tell what is done to a model, whatever its relations are called. */
const WORDS: ReadonlySet<string> = new Set(
  `select include omit where data orderBy cursor by having distinct AND OR NOT is isNot some every none create createMany
  connect connectOrCreate update updateMany upsert delete deleteMany disconnect set _count`.split(/\s+/),
)

/**
 * The models of a client with their relations: `_runtimeDataModel`, which is not public, but what clients read arguments by themselves.
 * Throws a TypeError for what is no client.
 */
export function dataModelOf(client: unknown): DataModel {
  const { models } = (Object(client)._runtimeDataModel ?? {}) as { models?: object }
  if (typeof models !== 'object') throw refusal('client', 'a client of Prisma', client)
  const relations = new Map<string, Map<string, string>>()
  const withDecimals = new Set<string>()
  for (const [model, { fields }] of Object.entries(models) as [string, { fields: readonly Field[] }][]) {
    const targets = fields.filter(({ kind }) => kind === 'object')
    relations.set(model, new Map(targets.map(({ name, type }) => [name, type])))
    if (fields.some(({ type }) => type === 'Decimal')) withDecimals.add(model)
  }

  /** Adds the model and those of the relations named in the value. Whether anything is deleted. */
  function collect(model: string, value: unknown, found: Set<string>): boolean {
    found.add(model)
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false
    if (Array.isArray(value)) return value.map((one) => collect(model, one, found)).includes(true)
    const targets = relations.get(model)
    let deletes = false
    for (const [name, inner] of Object.entries(value)) {
      if (inner === undefined || inner === false) continue
      const target = targets?.get(name)
      const isWord = WORDS.has(name)
      if (name === 'delete' || name === 'deleteMany') deletes = true
      // All relations are counted.
      if (name === '_count' && inner === true) for (const one of targets?.values() ?? []) found.add(one)
      if (target !== undefined && collect(target, inner, found)) deletes = true
      if ((target === undefined || isWord) && collect(model, inner, found)) deletes = true
    }
    return deletes
  }

  return {
    check(name, option) {
      if (typeof name !== 'string' || !relations.has(name))
        throw refusal(option, `the name of a model (${[...relations.keys()].join(', ')})`, name)
    },
    readBy(model, args) {
      const found = new Set<string>()
      collect(model, args, found)
      return [...found]
    },
    writtenBy(model, operation, args) {
      const found = new Set<string>()
      const { select, include, omit, where, ...rest } = Object(args) as Record<string, unknown>
      const deletes = collect(model, rest, found) || operation === 'delete' || operation === 'deleteMany'
      // The database deletes or changes what refers to the deleted, and what refers to that; clients are not told of it. A Set
      // visits what is added meanwhile.
      if (deletes)
        for (const one of found) for (const next of relations.get(one)?.values() ?? []) found.add(next)
      return [...found]
    },
    holdDecimals: (names) => names.some((name) => withDecimals.has(name)),
  }
}

interface Field {
  readonly name: string
  readonly kind: string
  readonly type: string
}
