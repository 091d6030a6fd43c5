/** A field of a message: its name in lower case, and its value. */
export type Field = readonly [name: string, value: string]

/** The values of a field, joined as one (RFC 9110, 5.3); undefined where there is none. */
export function fieldValue(fields: readonly Field[], name: string): string | undefined {
  let joined: string | undefined
  for (const [other, value] of fields)
    if (other === name) joined = joined === undefined ? value : `${joined}, ${value}`
  return joined
}

/** The members of a field that is a list, in lower case. */
export function listed(value: string | undefined): string[] {
  if (value === undefined) return []
  return value
    .split(',')
    .map((member) => member.trim().toLowerCase())
    .filter((member) => member !== '')
}

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What of a response's fields is stored: those of the message, not of the connection, of this transfer, or `foreign` to it. */
export function storedFields(fields: readonly Field[], foreign: ReadonlySet<string>): Field[] {
  const named = new Set(listed(fieldValue(fields, 'connection')))
  return fields.filter(([name]) => {
    return !HOP_BY_HOP.has(name) && !named.has(name) && !OF_TRANSFER.has(name) && !foreign.has(name)
  })
}

/** Fields that are written anew whenever a stored response is sent. */
const OF_TRANSFER = new Set(['age', 'cache-status', 'content-length'])

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const IMF_FIXDATE = /^(?:mon|tue|wed|thu|fri|sat|sun), (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) gmt$/i
const RFC_850 =
  /^(?:mon|tues|wednes|thurs|fri|satur|sun)day, (\d\d)-(\w{3})-(\d\d) (\d\d):(\d\d):(\d\d) gmt$/i
const ASCTIME = /^(?:mon|tue|wed|thu|fri|sat|sun) (\w{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/i

/** The time of an HTTP date (RFC 9110, 5.6.7) in milliseconds, or undefined where it is none. */
export function httpDate(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  let match = IMF_FIXDATE.exec(value)
  if (match !== null) return utc(match[3]!, match[2]!, match[1]!, match, 4)
  match = ASCTIME.exec(value)
  if (match !== null) return utc(match[6]!, match[1]!, match[2]!, match, 3)
  match = RFC_850.exec(value)
  if (match === null) return undefined
  // Two digits are a year from 1970 to 2069.
  const century = Number(match[3]) < 70 ? '20' : '19'
  return utc(century + match[3], match[2]!, match[1]!, match, 4)
}

function utc(
  year: string,
  month: string,
  day: string,
  match: RegExpExecArray,
  hour: number,
): number | undefined {
  const at = MONTHS.indexOf(month.toLowerCase())
  const [hours, minutes, seconds] = [match[hour], match[hour + 1], match[hour + 2]].map(Number)
  if (at < 0 || hours! > 23 || minutes! > 59 || seconds! > 60) return undefined
  return Date.UTC(Number(year), at, Number(day), hours, minutes, seconds)
}

/** The fields with the time at which they were received, where they bring none. */
export function dated(fields: readonly Field[], now: number): Field[] {
  if (fields.some(([name]) => name === 'date')) return [...fields]
  return [...fields, ['date', new Date(now).toUTCString()]]
}
