import { Cache } from '../cache.ts'
import { isRecord, unknownOption } from '../options/options.ts'
import { refusal } from '../options/units.ts'

export function assertCache(cache: unknown): void {
  if (!(cache instanceof Cache)) throw refusal('cache', 'a Cache', cache)
}

/** Throws a TypeError for what is no object of options of these names. */
export function assertOptions(options: unknown, names: readonly string[], where: string): void {
  if (!isRecord(options)) throw refusal('options', 'an object of options', options)
  for (const name of Object.keys(options))
    if (!names.includes(name)) throw unknownOption(`${where}.${name}`, name, names)
}
