import {
  type ActionRequest,
  type ActionResult,
  type CacheState,
  type Details,
  type Entries,
  type EntryState,
  escaped,
  type SampleRow,
  type SpaceState,
  type State,
} from '../src/observe/dashboard/wire.ts'

/** One process that has answered. */
export interface Process {
  state: State
  /** When it answered last, by this browser's clock. */
  seenAt: number
  /** Reads of each of the last sixty minutes: answered here, and not. */
  traffic: State['traffic'] & {}
  readonly trends: Map<string, readonly (number | null)[]>
  readonly samples: Map<string, SampleRow[]>
  readonly details: Map<string, Details>
  readonly spaces: Map<string, readonly SpaceState[]>
}

export type Sorting =
  | 'status'
  | 'name'
  | 'ratio'
  | 'reads'
  | 'spared'
  | 'room'
  | 'sets'
  | 'evicted'
  | 'expired'
  | 'load'
  | 'failed'

export interface Search {
  cache: string
  find: string
  entries: EntryState[]
  after: number | null
  isBusy: boolean
  trouble: string
  instance: string
  /** What was revealed, by the place of its entry. */
  values: Map<string, string>
}

/** Where the page and the processes stand. Everything shown is a function of it. */
export class Model {
  readonly processes = new Map<string, Process>()
  chosen: string | undefined
  /** The cache that is shown in full; undefined for the list of all. */
  cache: string | undefined
  window: 'minute' | 'hour' = 'minute'
  sort: Sorting = 'status'
  isDescending = true
  filter = ''
  readonly unfolded = new Set<string>()
  /** Which sample is pointed at. */
  at: number | undefined
  /** Since when nothing is heard, and why. */
  lost: { readonly since: number; readonly why: string } | undefined
  search: Search = emptySearch('')
  /** What is told when an action was done. */
  notice = ''
  dialog:
    | { readonly kind: 'clear' | 'resize'; readonly cache: string; typed: string; trouble: string }
    | undefined
  private run = 0
  private readonly changed: () => void

  constructor(changed: () => void) {
    this.changed = changed
  }

  get process(): Process | undefined {
    return this.processes.get(this.chosen ?? '')
  }

  cacheState(name: string | undefined): CacheState | undefined {
    return this.process?.state.caches.find((cache) => cache.name === name)
  }

  /** Draws the page anew. */
  change(): void {
    this.changed()
  }

  /** Asks for the state of whichever process answers. */
  async poll(): Promise<void> {
    const query = new URLSearchParams()
    const since = [...this.processes].map(([id, { state, samples }]) => {
      const from = samples.get(this.cache ?? '')?.at(-1)?.[0]
      return `${id}.${minuteOf(state)}.${from === undefined || from === null ? 0 : from + 1}`
    })
    if (since.length > 0) query.set('since', since.join(','))
    if (this.cache !== undefined) query.set('cache', escaped(this.cache))
    for (const name of this.unfolded) query.append('spaces', escaped(name))
    try {
      this.take((await ask(`state?${query}`)) as State)
      this.lost = undefined
    } catch (error) {
      this.lost ??= { since: Date.now(), why: '' }
      this.lost = { since: this.lost.since, why: textOf(error) }
    }
    this.change()
  }

  private take(state: State): void {
    const { id } = state.instance
    let process = this.processes.get(id)
    if (process === undefined) {
      process = {
        state,
        seenAt: 0,
        traffic: [],
        trends: new Map(),
        samples: new Map(),
        details: new Map(),
        spaces: new Map(),
      }
      this.processes.set(id, process)
    }
    this.chosen ??= id
    process.state = state
    if (state.traffic !== undefined) process.traffic = state.traffic
    process.seenAt = Date.now()
    for (const { name, trend } of state.caches) if (trend !== undefined) process.trends.set(name, trend)
    for (const [name, spaces] of Object.entries(state.spaces ?? {})) process.spaces.set(name, spaces)
    const { details } = state
    if (details === undefined) return
    process.details.set(details.name, details)
    const kept = process.samples.get(details.name) ?? []
    process.samples.set(
      details.name,
      [...kept, ...details.samples].filter(([tick]) => tick! >= state.tick - 360),
    )
  }

  // Entries

  /** Looks for entries whose key has this in it. */
  find(cache: string, find: string): Promise<void> {
    this.search = { ...emptySearch(cache), find }
    return this.more()
  }

  /** Goes on looking until there is a page of entries, or the end. */
  async more(): Promise<void> {
    const run = ++this.run
    const { search } = this
    search.isBusy = true
    const wanted = search.entries.length + 100
    this.change()
    try {
      let after = search.after ?? 0
      do {
        const query = new URLSearchParams({
          cache: escaped(search.cache),
          find: escaped(search.find),
          after: String(after),
        })
        const found = (await ask(`entries?${query}`)) as Entries
        if (run !== this.run) return
        search.entries = [...search.entries, ...found.entries]
        search.after = found.after
        search.instance = found.instance
        after = found.after ?? 0
      } while (search.after !== null && search.entries.length < wanted)
      search.trouble = ''
    } catch (error) {
      if (run !== this.run) return
      search.trouble = textOf(error)
    }
    search.isBusy = false
    this.change()
  }

  // Actions

  /** Has something done; what came of it, or why nothing did. */
  async act(request: ActionRequest): Promise<ActionResult | string> {
    try {
      return (await ask('action', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'nearcache-action': '1' },
        body: JSON.stringify(request),
      })) as ActionResult
    } catch (error) {
      return textOf(error)
    }
  }

  /** Tells what an action has come to, and in which process. */
  tell(what: string, { instance, second }: ActionResult): void {
    const others = this.processes.size - 1
    const pid = this.processes.get(instance)?.state.instance.pid
    const where =
      second !== undefined
        ? second === 'told'
          ? ' In the second tier too, by which the other processes know.'
          : ' Here; the second tier does not answer, and is told as soon as it does.'
        : others > 0
          ? ` In process ${pid ?? instance} only: the other${others > 1 ? ` ${others} have` : ' has'} not done it.`
          : ''
    this.notice = `${what}${where}`
    this.change()
  }
}

export function emptySearch(cache: string): Search {
  return {
    cache,
    find: '',
    entries: [],
    after: null,
    isBusy: false,
    trouble: '',
    instance: '',
    values: new Map(),
  }
}

function minuteOf({ tick, every }: State): number {
  return Math.floor(tick / (60_000 / every))
}

async function ask(path: string, init?: RequestInit): Promise<unknown> {
  let response: Response
  try {
    response = await fetch(path, { ...init, cache: 'no-store', redirect: 'manual' })
  } catch {
    throw new Error('The server does not answer.')
  }
  if (response.type === 'opaqueredirect' || response.status === 401)
    throw new Error('You are not signed in any more. Load the page again.')
  if (!response.ok) {
    const text = (await response.text()).slice(0, 300)
    throw new Error(
      text === 'Forbidden' ? 'You may not do that.' : text || `The server answered ${response.status}.`,
    )
  }
  return response.json()
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
