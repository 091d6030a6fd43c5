import { cacheLife, cacheTag } from 'next/cache'
import { read } from '../../lib/source.js'

async function feed() {
  'use cache'
  cacheTag('feed')
  cacheLife('days')
  return read('feed')
}

export async function GET() {
  return Response.json(await feed())
}
