const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const tenth = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

/** A number in full: 1,240. */
export function count(value: number): string {
  return whole.format(value)
}

/** A number in short: 12.4K. */
export function short(value: number): string {
  return Math.abs(value) < 10_000 ? whole.format(value) : compact.format(value)
}

/** So many a second. */
export function rate(value: number): string {
  if (value === 0) return '0'
  if (value < 0.1) return '<0.1'
  return value < 10 ? tenth.format(value) : short(value)
}

/** A share as a percentage: 94.1 %. */
export function percent(share: number): string {
  const value = 100 * share
  if (value > 0 && value < 0.1) return '<0.1 %'
  if (value > 99.9 && value < 100) return '>99.9 %'
  return `${value >= 99.95 || value === 0 ? whole.format(value) : value.toFixed(1)} %`
}

/** A span of milliseconds in its largest unit: 31 ms, 4.1 s, 3 d. */
export function duration(ms: number): string {
  if (ms < 1) return ms <= 0 ? '0 ms' : '<1 ms'
  if (ms < 1000) return `${whole.format(ms)} ms`
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
  ] as const)
    if (ms >= size) return `${ms / size < 10 ? tenth.format(ms / size) : whole.format(ms / size)} ${unit}`
  return ''
}

/** Bytes in powers of 1024: 64 MB. */
export function bytes(value: number): string {
  let amount = value
  for (const unit of ['B', 'KB', 'MB', 'GB']) {
    if (amount < 1000 || unit === 'GB')
      return `${amount < 10 ? tenth.format(amount) : whole.format(amount)} ${unit}`
    amount /= 1024
  }
  return ''
}

/** Minutes and seconds that are left: 4:12. */
export function left(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds >= 86_400) return duration(ms)
  const pad = (value: number): string => String(value).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  return minutes >= 60
    ? `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(seconds % 60)}`
    : `${minutes}:${pad(seconds % 60)}`
}

/** The time of day: 14:02. */
export function clock(at: number, withSeconds = false): string {
  return new Date(at).toLocaleTimeString('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    ...(withSeconds && { second: '2-digit' }),
  })
}

/** Characters of names and keys that would not be seen, or would turn the text around them, as escapes; and of long ones the beginning. */
export function visible(text: string, most = 160): string {
  const cut = text.length > most ? `${text.slice(0, most)}… (${count(text.length)} characters)` : text
  return cut.replace(HIDDEN, (one) => `\\u${one.codePointAt(0)!.toString(16).padStart(4, '0')}`)
}

/** Control and format characters, halves of surrogate pairs, and separators of lines. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
