import type { Cache } from '../cache.ts'
import { createCaches } from '../named/caches.ts'
import { type CacheOptions, isRecord } from '../options/options.ts'
import { refusal } from '../options/units.ts'
import { NearcacheHealth } from './health.ts'
import { cacheToken } from './inject.ts'

/** A cache that exists: it stays open when the application closes. */
interface Existing {
  get(key: never): unknown
  getOrLoad(key: never, loader: never): unknown
}

/** The caches of an application by their names: the options of each, as for `createCaches`, or one that exists, local or tiered. */
export type NestCaches = Readonly<Record<string, CacheOptions<never, never> | Existing>>

/** The settings of `NearcacheModule.forRoot`. */
export interface NearcacheModuleOptions {
  readonly caches: NestCaches
}

/** The settings of `NearcacheModule.forRootAsync`. */
export interface NearcacheModuleAsyncOptions {
  /** The names of the caches, since Nest wants to know them before it makes anything. */
  readonly names: readonly string[]
  /** Makes the settings of the caches of these names. */
  readonly useFactory: (...injected: never[]) => NestCaches | PromiseLike<NestCaches>
  /** What `useFactory` is given. */
  readonly inject?: readonly unknown[] | undefined
  /** Modules that provide it. */
  readonly imports?: readonly unknown[] | undefined
}

/** A dynamic module as Nest takes it. */
export interface NestDynamicModule {
  module: new () => NearcacheModule
  global: true
  imports: never[]
  providers: NestProvider[]
  exports: (string | typeof NearcacheHealth)[]
}

/** A provider as Nest takes it. */
export interface NestProvider {
  provide: string | symbol | typeof NearcacheHealth
  useFactory: (...injected: never[]) => unknown
  inject: never[]
}

/** The caches of one module. */
class OpenCaches {
  readonly caches: Readonly<Record<string, Existing>>
  readonly #own: readonly Cache[]

  /** Throws what `createCaches` throws, before any cache is made. */
  constructor(caches: unknown) {
    if (!isRecord(caches)) throw refusal('caches', 'an object with one set of options per cache', caches)
    const existing = Object.entries(caches).filter(([, one]) => isExisting(one))
    const others = Object.entries(caches).filter(([, one]) => !isExisting(one))
    const made = createCaches.from(Object.fromEntries(others))
    this.#own = Object.values(made)
    this.caches = { ...made, ...(Object.fromEntries(existing) as Record<string, Existing>) }
  }

  /** Called by Nest when no request is under way any more. */
  onApplicationShutdown(): void {
    for (const cache of this.#own) cache.close()
  }
}

/**
 * The caches of a Nest application, to be injected by `@InjectCache` and used by `@Cached` and `@Invalidates`, in every module. It closes
 * those that it made when the application closes.
 */
// biome-ignore lint/complexity/noStaticOnlyClass: Nest's modules are classes.
export class NearcacheModule {
  /** `imports: [NearcacheModule.forRoot({ caches: { users: { maxEntries: 5_000, ttl: '1m' } } })]`. Throws for wrong options. */
  static forRoot(options: NearcacheModuleOptions): NestDynamicModule {
    const caches: unknown = isRecord(options) ? options.caches : undefined
    if (!isRecord(caches)) throw refusal('caches', 'an object with one set of options per cache', caches)
    return dynamic(Object.keys(caches), [], { inject: [], useFactory: () => new OpenCaches(caches) })
  }

  /**
   * The same with settings that come from providers: `forRootAsync({ names: ['users'], inject: [ConfigService], useFactory: (config) =>
   * ({ users: { maxEntries: config.get('USERS') } }) })`. The application does not start where a name is missing or an option is wrong.
   */
  static forRootAsync(options: NearcacheModuleAsyncOptions): NestDynamicModule {
    const { names, useFactory, inject = [], imports = [] } = options
    if (!Array.isArray(names) || names.some((name) => typeof name !== 'string'))
      throw refusal('names', 'an array of the names of the caches', names)
    if (typeof useFactory !== 'function') throw refusal('useFactory', 'a function', useFactory)
    return dynamic(names, imports, {
      inject,
      useFactory: async (...injected) => {
        const open = new OpenCaches(await useFactory(...injected))
        const given = Object.keys(open.caches)
        if (given.length === names.length && names.every((name) => given.includes(name))) return open
        open.onApplicationShutdown()
        throw refusal('useFactory', `options for ${names.join(', ')}`, given.join(', '))
      },
    })
  }
}

function dynamic(
  names: readonly string[],
  imports: readonly unknown[],
  {
    inject,
    useFactory,
  }: { inject: readonly unknown[]; useFactory: (...injected: never[]) => OpenCaches | Promise<OpenCaches> },
): NestDynamicModule {
  const all = Symbol('nearcache caches')
  const providers: NestProvider[] = [
    { provide: all, useFactory, inject: inject as never[] },
    ...names.map((name) => ({
      provide: cacheToken(name),
      useFactory: ({ caches }: OpenCaches) => caches[name],
      inject: [all] as never[],
    })),
    {
      provide: NearcacheHealth,
      useFactory: ({ caches }: OpenCaches) => new NearcacheHealth(caches),
      inject: [all] as never[],
    },
  ]
  const exports = [...names.map(cacheToken), NearcacheHealth]
  return { module: NearcacheModule, global: true, imports: imports as never[], providers, exports }
}

function isExisting(one: unknown): boolean {
  return typeof (one as Partial<Existing> | null | undefined)?.getOrLoad === 'function'
}
