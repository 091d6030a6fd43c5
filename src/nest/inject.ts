import { nonEmptyString } from '../options/options.ts'
import { refusal } from '../options/units.ts'

/** Where Nest looks for what constructors and properties are to be given, since version 5. */
const OF_PARAMETERS = 'self:paramtypes'
const OF_PROPERTIES = 'self:properties_metadata'

/** What `reflect-metadata` adds, which Nest itself needs. */
interface Metadata {
  getMetadata(key: string, target: object): unknown
  defineMetadata(key: unknown, value: unknown, target: object): void
  getOwnMetadataKeys(target: object): unknown[]
  getOwnMetadata(key: unknown, target: object): unknown
}

/** The token of the provider of a cache, for factories, tests and `app.get`. */
export function cacheToken(name: string): string {
  return `nearcache ${nonEmptyString(name, 'name')}`
}

/** A decorator of a parameter of a constructor, or of a property. */
export type InjectCacheDecorator = (
  target: object,
  member: string | symbol | undefined,
  index?: number,
) => void

/**
 * Injects a cache of `NearcacheModule` by its name: `constructor(@InjectCache('users') private readonly users: Cache<number, User>)`, or as
 * the decorator of a property. Throws where it stands elsewhere.
 */
export function InjectCache(name: string): InjectCacheDecorator {
  const token = cacheToken(name)
  return (target, member, index) => {
    if (index === undefined && member !== undefined) injectProperty(target, member, token)
    else if (typeof target === 'function' && member === undefined)
      append(OF_PARAMETERS, target, { index, param: token })
    else throw refusal('@InjectCache', 'a parameter of a constructor or a property', String(member))
  }
}

/** The property by which the instances of a class that Nest makes get at a cache. */
export function placeOf(target: object, name: string): symbol {
  const place = Symbol.for(cacheToken(name))
  injectProperty(target, place, cacheToken(name))
  return place
}

/** Copies what decorators have noted of a method to the function that stands in its place. */
export function copyMetadata(method: object, fn: object): void {
  const metadata = metadataApi()
  for (const key of metadata.getOwnMetadataKeys(method))
    metadata.defineMetadata(key, metadata.getOwnMetadata(key, method), fn)
}

function injectProperty(target: object, key: string | symbol, type: string): void {
  const already = metadataApi().getMetadata(OF_PROPERTIES, target.constructor) as
    | { key: unknown }[]
    | undefined
  if (already?.some((one) => one.key === key)) return
  append(OF_PROPERTIES, target.constructor, { key, type })
}

function append(key: string, target: object, one: object): void {
  const metadata = metadataApi()
  const before = (metadata.getMetadata(key, target) ?? []) as object[]
  metadata.defineMetadata(key, [...before, one], target)
}

function metadataApi(): Metadata {
  const api = Reflect as unknown as Partial<Metadata>
  if (typeof api.defineMetadata !== 'function')
    throw new TypeError(
      "nearcache/nest needs reflect-metadata, as Nest does: import 'reflect-metadata' before",
    )
  return api as Metadata
}
