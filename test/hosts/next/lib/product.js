import { cacheLife, cacheTag } from 'next/cache'
import { read } from './source.js'

export async function product(id) {
  'use cache'
  cacheTag(`product-${id}`)
  cacheLife({ stale: 300, revalidate: 3600, expire: 86_400 })
  return read(`product-${id}`)
}
