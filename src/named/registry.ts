import { Store } from '../engine/store.ts'
import { CacheError, describe } from '../errors.ts'
import { type Settings, type StoreSettings, withStoreDefaults } from '../options/options.ts'

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
  if (name === undefined) return new Store(withStoreDefaults(settings))
  const there = stores.get(name)
  if (there !== undefined) {
    assertJoins(settings, there.settings)
    return there
  }
  const store = new Store(withStoreDefaults(settings))
  stores.set(name, store)
  return store
}

/** Throws the CacheError `NAME_CONFLICT` that opening one store after the other would meet. */
export function assertNames(all: readonly Settings[]): void {
  const opened = new Map<string, StoreSettings>()
  for (const settings of all) {
    const { name } = settings
    if (name === undefined) continue
    const there = stores.get(name)?.settings ?? opened.get(name)
    if (there === undefined) opened.set(name, withStoreDefaults(settings))
    else assertJoins(settings, there)
  }
}

function assertJoins(settings: Settings, there: StoreSettings): void {
  for (const option of bounds) {
    const asked = settings[option]
    if (asked === undefined || asked === there[option]) continue
    throw new CacheError(
      'NAME_CONFLICT',
      `${option}: the store ${describe(settings.name)} was opened with ${describe(there[option])}, cannot join it with ${describe(asked)}`,
    )
  }
}

/** Closes a store for all who share it; its name is free again. */
export function closeStore(store: Store): void {
  const { name } = store.settings
  if (name !== undefined && stores.get(name) === store) stores.delete(name)
  store.close(store.root)
}
