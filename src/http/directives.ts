/** Seconds above this are taken as this (RFC 9111, 1.2.2). */
const MOST = 2 ** 31

const DIRECTIVE = /([^\s,;="]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]*)))?/g

/** The directives of a `Cache-Control` field (RFC 9111, 5.2). Of one that is given twice the first counts. */
export class Directives {
  readonly #values: Map<string, string> = new Map()

  constructor(field: string | undefined) {
    if (field === undefined) return
    for (const [, name, quoted, token] of field.matchAll(DIRECTIVE)) {
      const lower = name!.toLowerCase()
      if (!this.#values.has(lower)) this.#values.set(lower, quoted ?? token ?? '')
    }
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  /** Milliseconds of a directive that gives seconds: undefined where it is absent, 0 where it gives no number. */
  milliseconds(name: string): number | undefined {
    const value = this.#values.get(name)
    if (value === undefined) return undefined
    return /^\d+$/.test(value) ? Math.min(Number(value), MOST) * 1000 : 0
  }
}
