import { Cache } from '../src/index.ts'

/** Ways to fill a cache of ten megabytes to its bound and far beyond. */
export const fills: Readonly<Record<string, () => Promise<Cache<string | number, unknown>>>> = {
  'small entries': () => filled(500_000, (cache, i) => cache.set(i, i)),
  'objects of 4 properties': () =>
    filled(200_000, (cache, i) =>
      cache.set(`user:${i}`, { id: i, name: `name ${i}`, isOk: true, age: i % 90 }),
    ),
  'keys of 15,000 characters': () => filled(4000, (cache, i) => cache.set(`${i} `.padEnd(15_000, 'x'), i)),
  'small entries, then such keys': async () => {
    const cache = await filled(300_000, (one, i) => one.set(i, i))
    for (let i = 0; i < 4000; i++) cache.set(`${i} `.padEnd(15_000, 'x'), i)
    return cache
  },
  'unknown keys that loads do not find': () =>
    filled(200_000, (cache, i) => cache.getOrLoad(`unknown ${i}`, () => Promise.resolve(undefined))),
  'unknown keys whose loads fail': () =>
    filled(50_000, (cache, i) =>
      cache.getOrLoad(`unknown ${i}`, () => Promise.reject(new Error(`no ${i}`))).catch(() => {}),
    ),
}

type Target = Cache<string | number, unknown>

async function filled(count: number, write: (cache: Target, i: number) => unknown): Promise<Target> {
  const cache: Target = new Cache({ maxBytes: '10mb', ttl: Infinity, negativeTtl: '1h', errorTtl: '1h' })
  for (let i = 0; i < count; i++) await write(cache, i)
  return cache
}
