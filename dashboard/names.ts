import { type CacheState, escaped, type SpacePath, unescaped } from '../src/observe/dashboard/wire.ts'
import { h, type VNode } from './dom.ts'
import * as format from './format.ts'

/** The names that lead to a key space. A tiered cache has marks before them, and keeps keys that are lists in a space of their own. */
export function pathText(path: SpacePath, { tier }: CacheState): string {
  const text = (part: SpacePath[number]): string => {
    if (typeof part === 'number') return `version ${part}`
    if (typeof part !== 'string') return `prefix ${part.prefix}`
    if (tier === null) return format.visible(part, 60)
    return part === 'K' ? 'lists' : format.visible(part.slice(2), 60)
  }
  return path.map(text).join(' / ')
}

/** A name that comes from the application: by itself, whichever way its letters run. */
export function name(text: string): VNode {
  return h(
    'bdi',
    { title: text.length > 60 ? format.visible(text, 400) : undefined },
    format.visible(text, 60),
  )
}

/** The address of a cache within the page. Whatever is in its name can stand there. */
export function linkTo(cache: string): string {
  return `#${encodeURIComponent(escaped(cache))}`
}

/** The cache that an address within the page means; undefined for the list of all. */
export function cacheAt(hash: string): string | undefined {
  try {
    return hash.length < 2 ? undefined : unescaped(decodeURIComponent(hash.slice(1)))
  } catch {
    return undefined
  }
}
