import { readFile, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { NextCacheContext, NextValue } from './cache-handler.ts'
import { now } from './revalidations.ts'

/** A page as the build has left it in its folder. */
export interface Built {
  readonly value: NextValue
  readonly lastModified: number
  /** What is there of a page before its parameters are known. Without it Next cannot answer for others than those that were built. */
  readonly isShell: boolean
}

/** What the build tells of a page, in a file beside it. */
interface Meta {
  readonly status?: number
  readonly headers?: Record<string, unknown>
  readonly postponed?: string
  readonly segmentPaths?: readonly string[]
  readonly routeCache?: { readonly key?: string; readonly isFallback?: boolean }
}

/** Where files of each kind are, and what the name of the main one ends with. */
const PLACES: Readonly<Record<string, readonly [folder: string, ending: string]>> = {
  APP_PAGE: ['app', '.html'],
  APP_ROUTE: ['app', '.body'],
  PAGES: ['pages', '.html'],
}

/** The page that the build made under this key, unless its time is over. Undefined for none. */
export async function readBuilt(
  folder: string,
  key: string,
  context: NextCacheContext,
): Promise<Built | undefined> {
  const place = PLACES[context.kind ?? '']
  const marker = key.indexOf('/$/')
  if (place === undefined || marker === -1 || folder === '') return undefined
  const path = key.slice(marker + 2)
  const base = join(folder, place[0], path)
  if (!base.startsWith(join(folder, place[0]) + sep)) return undefined
  try {
    const meta = JSON.parse(await readFile(`${base}.meta`, 'utf8')) as Meta
    if (!isOf(meta, key, context)) return undefined
    const main = `${base}${place[1]}`
    const [{ mtimeMs }, value] = await Promise.all([stat(main), readValue(base, main, meta, context)])
    const isShell = meta.routeCache?.isFallback === true
    return !isShell && (await isOver(folder, path, mtimeMs))
      ? undefined
      : { value, lastModified: mtimeMs, isShell }
  } catch {
    // Most pages were not built.
    return undefined
  }
}

/** Whether a file belongs to that key: those of several routes may have one path. */
function isOf({ routeCache, postponed }: Meta, key: string, context: NextCacheContext): boolean {
  const { kind, isFallback = false, isRoutePPREnabled = false } = context
  if (routeCache?.key !== key) return false
  // Next reads shells as ordinary pages too.
  const mayBeShell = kind === 'APP_PAGE' && isRoutePPREnabled && postponed != null
  return routeCache.isFallback === isFallback || mayBeShell
}

async function readValue(
  base: string,
  main: string,
  { status, headers, postponed, segmentPaths }: Meta,
  { kind = '', isFallback, isRoutePPREnabled }: NextCacheContext,
): Promise<NextValue> {
  const common = { kind, status, headers }
  if (kind === 'APP_ROUTE') return { ...common, body: await readFile(main) } as NextValue
  const html = await readFile(main, 'utf8')
  if (kind === 'PAGES') {
    const pageData = isFallback ? {} : JSON.parse(await readFile(`${base}.json`, 'utf8'))
    return { ...common, html, pageData } as NextValue
  }
  const isWhole = !isFallback && (!isRoutePPREnabled || postponed == null)
  const segments = (segmentPaths ?? []).map(
    async (path) => [path, await readFile(`${base}.segments${path}.segment.rsc`)] as const,
  )
  return {
    ...common,
    html,
    postponed,
    rscData: isWhole ? await readFile(`${base}.rsc`) : undefined,
    segmentData: segmentPaths && new Map(await Promise.all(segments)),
  } as NextValue
}

/** Whether a page would be made anew by now, and may have been: what is older must not come back. */
async function isOver(folder: string, path: string, made: number): Promise<boolean> {
  const { routes } = JSON.parse(await readFile(join(folder, '..', 'prerender-manifest.json'), 'utf8'))
  const seconds = routes?.[path]?.initialRevalidateSeconds
  return typeof seconds === 'number' && made + seconds * 1000 < now()
}
