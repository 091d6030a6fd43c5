import { fileURLToPath } from 'node:url'

const file = (name) => fileURLToPath(new URL(name, import.meta.url))

/** @type {import('next').NextConfig} */
export default {
  cacheComponents: true,
  partialPrefetching: true,
  cacheHandler: file('cache-handler.js'),
  cacheHandlers: { default: file('directive-handler.js'), remote: file('directive-handler.js') },
  cacheMaxMemorySize: 0,
  turbopack: { root: file('.') },
  outputFileTracingRoot: file('.'),
}
