/** The home page: what one sees first, and the README below, from its charts on. */
export function home(readme: string): string {
  const start = readme.indexOf('**It keeps the right entries.**')
  const end = readme.indexOf('## Documents')
  if (start < 0 || end < start)
    throw new Error('README.md: expected its charts, and "## Documents" after them')
  return `${head}\n\n## In two pictures\n\n${readme.slice(start, end)}`
}

const head = `---
layout: home
title: nearcache
titleTemplate: A near cache for TypeScript
hero:
  name: nearcache
  text: A near cache for TypeScript
  tagline: An L1 inside your service's own process. Bounded, typed, without dependencies, and safe from cache stampedes.
  actions:
    - theme: brand
      text: Get started
      link: /keys-and-values
    - theme: alt
      text: Try the policies
      link: /playground
    - theme: alt
      text: Benchmarks
      link: /benchmarks/
features:
  - icon: '<svg xmlns="http://www.w3.org/2000/svg" width="26" height="26" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"><path d="M4 7h5l6 5h5"/><path d="M4 17h5l6-5"/><path d="M17 9l3 3-3 3"/></svg>'
    title: One load, however many ask
    details: Single-flight loads, stale values while a source is slow or down, deadlines, batches.
    link: /loading
  - icon: '<svg xmlns="http://www.w3.org/2000/svg" width="26" height="26" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"><circle cx="12" cy="12" r="8"/><circle cx="12" cy="12" r="3.5"/></svg>'
    title: Keeps the right entries
    details: The default policy tunes itself, and withstands scans and one-off keys.
    link: /eviction
  - icon: '<svg xmlns="http://www.w3.org/2000/svg" width="26" height="26" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"><path d="M12 3l7 3v5c0 4.5-3 8-7 10-4-2-7-5.5-7-10V6z"/><path d="M9 12l2 2 4-4"/></svg>'
    title: Nothing deleted comes back
    details: A write or an invalidation during a load wins over what the load brings.
    link: /loading#the-fence
  - icon: '<svg xmlns="http://www.w3.org/2000/svg" width="26" height="26" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"><circle cx="12" cy="5.5" r="2.5"/><circle cx="5.5" cy="18" r="2.5"/><circle cx="18.5" cy="18" r="2.5"/><path d="M10.9 7.8L6.7 15.7M13.1 7.8l4.2 7.9M8 18h8"/></svg>'
    title: Correct across processes
    details: In front of Redis or Valkey, what one process invalidates no other serves any more.
    link: /second-tier
  - icon: '<svg xmlns="http://www.w3.org/2000/svg" width="26" height="26" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"><rect x="4" y="4" width="7" height="7" rx="1.5"/><rect x="13" y="13" width="7" height="7" rx="1.5"/><path d="M14 7.5h3a1.5 1.5 0 0 1 1.5 1.5v1M10 16.5H7A1.5 1.5 0 0 1 5.5 15v-1"/></svg>'
    title: Behind what you use
    details: Keyv, Nest, TypeORM, drizzle, Apollo, DataLoader, Nitro and more take it as their cache.
    link: /contents
  - icon: '<svg xmlns="http://www.w3.org/2000/svg" width="26" height="26" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"><path d="M9 3h6M10 3v6l-5 9a2 2 0 0 0 2 3h10a2 2 0 0 0 2-3l-5-9V3"/><path d="M7.5 15h9"/></svg>'
    title: Made to be tested
    details: Fake timers just work, the clock can be injected, one setting switches caching off.
    link: /testing
---`
