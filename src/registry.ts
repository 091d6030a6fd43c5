import { CacheError, describe } from './errors.ts'
import type { Settings } from './options.ts'
import { Store } from './store.ts'

/**
 * Stores by name, one list for the process: copies of this package and reloaded modules find each other's stores here.
 * The number is that of the store's form; copies whose forms differ do not meet.
 */
const listed = Symbol.for('nearcache.stores.1')
const shared = globalThis as { [listed]?: Map<string, Store> }
shared[listed] ??= new Map()
const stores: Map<string, Store> = shared[listed]

/** What joins must agree on. Functions are not compared (a reloaded module brings new ones): the first to open the store gives them. */
const bounds = ['maxEntries', 'maxWeight', 'maxBytes', 'idleTtl', 'policy', 'protect', 'kind'] as const

/** The store of that name if there is one, else a new one. Throws a CacheError `NAME_CONFLICT` where it has other bounds. */
export function openStore(settings: Settings): Store {
  const { name } = settings
  if (name === undefined) return new Store(settings)
  let store = stores.get(name)
  if (store === undefined) {
    store = new Store(settings)
    stores.set(name, store)
  }
  for (const option of bounds) {
    const asked = settings[option]
    if (asked === undefined || asked === store.settings[option]) continue
    throw new CacheError(
      'NAME_CONFLICT',
      `${option}: the store ${describe(name)} was opened with ${describe(store.settings[option])}, cannot join it with ${describe(asked)}`,
    )
  }
  return store
}

/** Closes a store for all who share it; its name is free again. */
export function closeStore(store: Store): void {
  const { name } = store.settings
  if (name !== undefined && stores.get(name) === store) stores.delete(name)
  store.close(store.root)
}
