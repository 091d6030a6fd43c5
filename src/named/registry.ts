import { publish } from '../engine/channels.ts'
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

/** Stores without a name of their own, by the name under which they are listed. Being listed keeps none of them. */
const listedWeakly = Symbol.for('nearcache.nameless.1')
const sharedWeakly = globalThis as { [listedWeakly]?: Map<string, WeakRef<Store>> }
sharedWeakly[listedWeakly] ??= new Map()
const nameless: Map<string, WeakRef<Store>> = sharedWeakly[listedWeakly]
const gone = new FinalizationRegistry<WeakRef<Store>>((ref) => {
  for (const [name, other] of nameless) if (other === ref) nameless.delete(name)
})
let opened = 0

/** What joins must agree on. Functions are not compared (a reloaded module brings new ones): the first to open the store gives them. */
const bounds = [
  'maxEntries',
  'maxWeight',
  'maxBytes',
  'maxEntryWeight',
  'idleTtl',
  'policy',
  'protect',
  'kind',
] as const

/**
 * The store of that name if there is one, else a new one. Without a name, one that is listed by its place in the settings of the
 * application, or by a number. Throws a CacheError `NAME_CONFLICT` where it has other bounds.
 */
export function openStore(settings: Settings, place: string | undefined): Store {
  const { name } = settings
  if (name === undefined) return openNameless(settings, place ?? `cache-${++opened}`)
  const there = stores.get(name)
  if (there !== undefined) {
    assertJoins(settings, there.settings)
    return there
  }
  const store = new Store(withStoreDefaults(settings), name)
  stores.set(name, store)
  const other = nameless.get(name)?.deref()
  nameless.delete(name)
  if (other !== undefined) list(other, name)
  publish('open', () => ({ cache: name }))
  return store
}

function openNameless(settings: Settings, place: string): Store {
  const store = new Store(withStoreDefaults(settings), place)
  list(store, place)
  publish('open', () => ({ cache: store.label }))
  return store
}

/** Lists a store under a name that no other has: the one wanted, or that with a number. */
function list(store: Store, wanted: string): void {
  let name = wanted
  for (let n = 2; stores.has(name) || nameless.get(name)?.deref() !== undefined; n++) name = `${wanted}-${n}`
  store.label = name
  const ref = new WeakRef(store)
  nameless.set(name, ref)
  gone.register(store, ref)
}

/** All stores of the process that are open, by the name under which they are listed. */
export function* openStores(): Generator<Store> {
  yield* stores.values()
  for (const ref of nameless.values()) {
    const store = ref.deref()
    if (store !== undefined) yield store
  }
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
  const name = store.label
  if (stores.get(name) === store) stores.delete(name)
  if (nameless.get(name)?.deref() === store) nameless.delete(name)
  const { closed } = store.root
  store.close(store.root)
  if (!closed) publish('close', () => ({ cache: name, stats: store.stats() }))
}
