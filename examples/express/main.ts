import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { createApp } from './app.ts'
import { Articles } from './database.ts'

console.log('Starting PostgreSQL inside this process …')
const articles = await Articles.open()
const { app, caches } = createApp(articles)
const server = app.listen(0)
const url = `http://localhost:${(server.address() as AddressInfo).port}`
const get = (path: string): Promise<Response> => fetch(url + path)

/** What was asked, and how many queries it took. */
async function queriesOf(words: string, visit: () => Promise<unknown>): Promise<number> {
  const before = articles.queries
  await visit()
  const queries = articles.queries - before
  console.log(`${words.padEnd(58)} ${queries} ${queries === 1 ? 'query' : 'queries'}`)
  return queries
}

const crowd = () => Promise.all(Array.from({ length: 100 }, () => get('/articles/42')))
assert.equal(await queriesOf('100 visitors ask for one article at the same time', crowd), 1)
assert.equal(await queriesOf('… and 100 more', crowd), 0)

const absent = async () => {
  for (let i = 0; i < 10; i++) assert.equal((await get('/articles/0')).status, 404)
}
assert.equal(await queriesOf('10 ask for an article that does not exist', absent), 1)

const list = async () =>
  ((await (await get('/authors/ada/articles')).json()) as { title: string }[])[0]!.title
assert.equal(await queriesOf('The list of an author, twice', async () => [await list(), await list()]), 1)

const body = JSON.stringify({ title: 'A new title' })
await fetch(`${url}/articles/2`, { method: 'PUT', body, headers: { 'content-type': 'application/json' } })
assert.equal(
  await queriesOf('The list after one of its articles was renamed', async () => {
    assert.equal(await list(), 'A new title')
  }),
  1,
)

await articles.close()
caches.articles.expire(42) // as if its minute were over
const answer = await get('/articles/42')
assert.equal(answer.status, 200)
console.log(`The database is down, and article 42 is still served: ${answer.status} ${await answer.text()}`)

const { hits, misses, staleServed } = caches.articles.stats()
console.log(`Articles: ${hits} hits, ${misses} misses, ${staleServed} stale value served`)
server.close()
server.closeAllConnections()
