import express, { type Express } from 'express'
import { cacheOptions, createCaches } from 'nearcache'
import type { Article, Articles } from './database.ts'

/** The service: each handler reads through a cache, and each change of the database invalidates what depends on it. */
export function createApp(articles: Articles) {
  const caches = createCaches({
    articles: cacheOptions<number, Article>({
      maxEntries: 5_000,
      ttl: '1m',
      staleIfError: '10m', // the last value while the database is down
      negativeTtl: '5s', // who asks for what does not exist asks the database once in five seconds
      onError: (error) => console.log(`  (a load failed: ${(error as Error).message})`),
    }),
    lists: cacheOptions<string, Article[]>({ maxEntries: 500, ttl: '1m' }),
  })

  const app: Express = express()
  app.use(express.json())

  app.get('/articles/:id', async (request, response) => {
    const article = await caches.articles.getOrLoad(Number(request.params.id), (id) => articles.byId(id))
    if (article === undefined) response.status(404).json({ error: 'no such article' })
    else response.json(article)
  })

  app.get('/authors/:author/articles', async (request, response) => {
    const { author } = request.params
    const list = await caches.lists.getOrLoad(author, (name) => articles.byAuthor(name), {
      tags: [`author:${author}`],
    })
    response.json(list)
  })

  // The database first, then the cache: a load under way in the meantime does not bring the old row back.
  app.put('/articles/:id', async (request, response) => {
    const id = Number(request.params.id)
    const author = await articles.rename(id, request.body.title)
    caches.articles.delete(id)
    caches.lists.deleteByTag(`author:${author}`)
    response.status(author === undefined ? 404 : 204).end()
  })

  return { app, caches }
}
