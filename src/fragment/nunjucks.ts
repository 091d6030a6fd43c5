import type { Cache } from '../cache.ts'
import { type Duration, refusal } from '../options/units.ts'
import type { TieredCache } from '../tiers/tiered-cache.ts'
import { fragment, fragmentSync } from './fragment.ts'

/** What a tag is made by. */
export interface CacheTagOptions {
  /** The cache that keeps the fragments; a tiered one needs `async`. Default: as for `fragment`. */
  readonly cache?: Cache | TieredCache | undefined
  /**
   * Whether bodies may contain what is asynchronous (filters, `asyncEach`, other tags), and concurrent renders of a fragment run once.
   * Such templates are rendered with a callback. Default false.
   */
  readonly async?: boolean | undefined
}

/** A token, as far as the tag looks at it. */
interface Token {
  readonly type: string
  readonly value: unknown
  readonly lineno: number
  readonly colno: number
}

/** What the tag needs of the parser of Nunjucks. */
interface Parser {
  nextToken(): Token
  peekToken(): Token
  parseExpression(): unknown
  parseUntilBlocks(...names: string[]): unknown
  advanceAfterBlockEnd(name?: unknown): unknown
  skip(type: string): boolean
  fail(message: string, line: number, column: number): never
}

/** What the tag needs of the nodes of Nunjucks. */
interface Nodes {
  readonly NodeList: new (line: number, column: number, children: unknown[]) => unknown
  readonly CallExtension: NewCall
  readonly CallExtensionAsync: NewCall
}

type NewCall = new (extension: CacheTag, method: string, args: unknown, bodies: unknown[]) => unknown

type Callback = (error: unknown, text?: unknown) => void
type Body = (callback: Callback) => void

/** An extension of Nunjucks. */
export interface CacheTag {
  readonly tags: string[]
  /** The body was escaped where it was written. */
  readonly autoescape: false
  parse(parser: unknown, nodes: unknown, lexer: unknown): unknown
  run(context: unknown, ...args: unknown[]): unknown
}

/**
 * The tag `{% cache ttl name vary… %} … {% endcache %}` for Nunjucks: `env.addExtension('cache', cacheTag())`. Its arguments are
 * expressions, with commas or without. The text between is rendered once for each name and vary values, until the ttl is over.
 */
export function cacheTag({ cache, async: isAsync = false }: CacheTagOptions = {}): CacheTag {
  if (!isAsync && cache !== undefined && 'beginLoad' in cache)
    throw refusal('async', 'true with a tiered cache, which is waited for', isAsync)
  const optionsOf = (ttl: unknown, varyOn: unknown[]) => ({
    ttl: plain(ttl) as Duration,
    varyOn: varyOn.map(plain),
    cache,
  })
  const runSync = (_context: unknown, ttl: unknown, name: unknown, ...rest: unknown[]): unknown => {
    const body = rest.pop() as Body
    return fragmentSync(plain(name) as string, optionsOf(ttl, rest), () => textAtOnce(body))
  }
  const runAsync = (_context: unknown, ttl: unknown, name: unknown, ...rest: unknown[]): void => {
    const callback = rest.pop() as Callback
    const body = rest.pop() as Body
    fragment(plain(name) as string, optionsOf(ttl, rest), () => textOf(body))
      .then((text) => callback(null, text))
      // What the rest of the template throws is its failure too.
      .catch(callback)
  }
  const tag: CacheTag = {
    tags: ['cache'],
    autoescape: false,
    parse: (parser, nodes) => parseTag(tag, parser as Parser, nodes as Nodes, isAsync),
    run: isAsync ? runAsync : runSync,
  }
  return tag
}

function parseTag(tag: CacheTag, parser: Parser, nodes: Nodes, isAsync: boolean): unknown {
  const { value, lineno, colno } = parser.nextToken()
  const args: unknown[] = []
  while (parser.peekToken().type !== 'block-end') {
    args.push(parser.parseExpression())
    parser.skip('comma')
  }
  if (args.length < 2) parser.fail('cache: expected a ttl and a name', lineno, colno)
  parser.advanceAfterBlockEnd(value)
  const body = parser.parseUntilBlocks('endcache')
  parser.advanceAfterBlockEnd()
  const Call = isAsync ? nodes.CallExtensionAsync : nodes.CallExtension
  return new Call(tag, 'run', new nodes.NodeList(lineno, colno, args), [body])
}

/** Strings that are marked as safe are objects, each of its own. */
function plain(value: unknown): unknown {
  return value instanceof String ? value.toString() : value
}

function textAtOnce(body: Body): unknown {
  let text: unknown
  body((error, rendered) => {
    if (error) throw error
    text = rendered
  })
  if (text !== undefined) return text
  throw new TypeError(
    'cache: expected a body that is there at once (use cacheTag({ async: true }) for others)',
  )
}

function textOf(body: Body): Promise<unknown> {
  return new Promise((resolve, reject) => {
    body((error, text) => (error ? reject(error) : resolve(text)))
  })
}
