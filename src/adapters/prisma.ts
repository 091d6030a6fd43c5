import { keyOf } from '../memoize/keys.ts'
import { callable, isRecord, type LoadOptions, span, unknownOption } from '../options/options.ts'
import { type Duration, refusal } from '../options/units.ts'
import { type Answer, type Backing, backingCache, isTiered } from './backing.ts'
import { type DataModel, dataModelOf } from './prisma-models.ts'

/** How queries are cached. */
export interface QueryCacheOptions {
  /** How long results of a model are kept, by the name of the model: `{ Product: '1h' }`; 0: they are not cached. Default: the `ttl` of the cache. */
  readonly ttl?: Readonly<Record<string, Duration>> | undefined
  /** The models that a raw statement writes to, by its text. Default, and where it returns undefined: all. */
  readonly rawWrites?: ((sql: string) => readonly string[] | undefined) | undefined
}

/** What the cache needs of a client of Prisma. */
export interface ExtensibleClient {
  // biome-ignore lint/suspicious/noExplicitAny: the host's types of an extension follow from the user's schema.
  $extends(extension: any): unknown
}

/** A query as Prisma gives it to extensions. */
interface Query {
  readonly model?: string
  readonly operation: string
  readonly args: unknown
  readonly query: (args: unknown) => PromiseLike<unknown>
  /** Not public, but what extensions go by that have to know of transactions. */
  readonly __internalParams?: {
    readonly transaction?: { readonly kind: 'itx' | 'batch' }
    readonly dataPath?: readonly string[]
  }
}

/** What is asked of the cache. */
interface Results {
  getOrLoad(key: string, load: () => PromiseLike<unknown>, options: LoadOptions): Promise<unknown>
  deleteByTag(tag: string): Answer<unknown>
  clear(): Answer<unknown>
}

/** What was written to: models, or undefined for all. */
type Written = readonly string[] | undefined

const READS: ReadonlySet<string> = new Set([
  'findUnique',
  'findUniqueOrThrow',
  'findFirst',
  'findFirstOrThrow',
  'findMany',
  'count',
  'aggregate',
  'groupBy',
])

/**
 * A cache of results for Prisma: `new PrismaClient({ adapter }).$extends(queryCache())`. A result goes when a model that it was read
 * from is written to through the extended client, at the end of the transaction if there is one, or when its time is over. The names of
 * models are tags in the cache. Keys do not name the database, so each client needs a cache or a namespace of its own, or shares one
 * with clients of the same database. Throws what the constructor of `Cache` throws, and a TypeError for a wrong option.
 */
export function queryCache(
  backing: Backing = {},
  options: QueryCacheOptions = {},
): <C extends ExtensibleClient>(client: C) => C {
  const { lifetimes, rawWrites } = resolve(options)
  const isShared = isTiered(backing)
  const results = (isShared ? backing : backingCache(backing)) as object as Results

  return <C extends ExtensibleClient>(client: C): C => {
    const models = dataModelOf(client)
    for (const name of lifetimes.keys()) models.check(name, `ttl.${name}`)
    /** What is written to while each transaction is open, in any of them, as Prisma does not tell in which. */
    const open = new Set<Written[]>()

    async function invalidate(written: Written): Promise<void> {
      if (written === undefined) await results.clear()
      else await Promise.all(written.map((name) => results.deleteByTag(name)))
    }

    async function write(written: Written, { __internalParams }: Query, run: () => PromiseLike<unknown>) {
      // What is in a batch ends when its transaction does.
      if (__internalParams?.transaction?.kind === 'itx' && open.size > 0) {
        for (const transaction of open) transaction.push(written)
        return await run()
      }
      try {
        return await run()
      } finally {
        // What failed may have been done in part, or wholly.
        await invalidate(written)
      }
    }

    const { $transaction } = client as object as { $transaction(...args: unknown[]): Promise<unknown> }

    return client.$extends({
      name: 'nearcache',
      client: {
        async $transaction(this: unknown, ...args: unknown[]): Promise<unknown> {
          const transaction: Written[] = []
          open.add(transaction)
          try {
            return await $transaction.apply(this, args)
          } finally {
            open.delete(transaction)
            if (transaction.includes(undefined)) await invalidate(undefined)
            else await invalidate([...new Set(transaction.flat() as string[])])
          }
        },
      },
      query: {
        async $allOperations(asked: Query): Promise<unknown> {
          const { model, operation, args, query, __internalParams } = asked
          const run = () => query(args)
          if (model === undefined) {
            const sql = textOf(args)
            if (isQuery(operation, sql)) return await run()
            return await write(rawWritten(sql, models, rawWrites), asked, run)
          }
          if (!READS.has(operation)) return await write(models.writtenBy(model, operation, args), asked, run)
          const ttl = lifetimes.get(model)
          const mayCache = __internalParams !== undefined && __internalParams.transaction === undefined
          if (!mayCache || ttl === 0) return await run()
          const key = keyOf([model, operation, args, __internalParams.dataPath]) as string
          // What is known by identity, as a Decimal is, has another at each call.
          if (key.includes('\0@')) return await run()
          const tags = models.readBy(model, args)
          if (isShared && models.holdDecimals(tags)) return await run()
          return copied(await results.getOrLoad(key, run, { ttl, tags }))
        },
      },
    }) as C
  }
}

function resolve(options: QueryCacheOptions) {
  if (!isRecord(options)) throw refusal('options', `an object such as { ttl: { Product: '1h' } }`, options)
  for (const name in options)
    if (name !== 'ttl' && name !== 'rawWrites') throw unknownOption(name, name, ['ttl', 'rawWrites'])
  const { ttl = {}, rawWrites } = options as QueryCacheOptions
  if (!isRecord(ttl)) throw refusal('ttl', `times by model such as { Product: '1h' }`, ttl)
  const lifetimes = new Map(Object.entries(ttl).map(([name, time]) => [name, span(time, `ttl.${name}`)]))
  if (rawWrites !== undefined) callable(rawWrites, 'rawWrites')
  return { lifetimes, rawWrites }
}

/** Rows and lists of the caller's own, into which Prisma puts computed fields. What is in them is shared. */
function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copied)
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const copy: Record<string, unknown> = { ...value }
  for (const name in copy) if (typeof copy[name] === 'object') copy[name] = copied(copy[name])
  return copy
}

/** The text of a raw statement: of the template, or the string that an unsafe one begins with. */
function textOf(args: unknown): string | undefined {
  const text = Array.isArray(args) ? args[0] : (args as { sql?: unknown } | undefined)?.sql
  return typeof text === 'string' ? text : undefined
}

/** Whether a raw statement only reads. A query may well write: `INSERT … RETURNING`. */
function isQuery(operation: string, sql: string | undefined): boolean {
  return operation.startsWith('$queryRaw') && sql !== undefined && /^\s*select\b/i.test(sql)
}

function rawWritten(
  sql: string | undefined,
  models: DataModel,
  rawWrites: QueryCacheOptions['rawWrites'],
): Written {
  if (sql === undefined) return undefined
  const written = rawWrites?.(sql)
  if (written === undefined) return undefined
  if (!Array.isArray(written)) throw refusal('rawWrites', 'a function that returns names of models', written)
  for (const name of written) models.check(name, 'rawWrites')
  return written
}
