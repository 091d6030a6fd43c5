import { now } from './revalidations.ts'

/** What Next says in place of never, in seconds. */
const YEAR = 31_536_000

/** What is left of the seconds that Next gives an entry, in milliseconds. Undefined for one that has no end. */
export function lifetime(expire: number | undefined, made: number): number | undefined {
  return expire === undefined || expire >= YEAR ? undefined : made + expire * 1000 - now()
}
