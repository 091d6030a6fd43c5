import { PGlite } from '@electric-sql/pglite'

export interface Article {
  id: number
  author: string
  title: string
}

/** Articles in PostgreSQL, which runs inside this process; with a count of the queries, to see what a cache saves. */
export class Articles {
  readonly #db: PGlite
  queries = 0

  private constructor(db: PGlite) {
    this.#db = db
  }

  static async open(): Promise<Articles> {
    const db = await PGlite.create()
    await db.exec(`
      create table articles (id int primary key, author text not null, title text not null);
      insert into articles
        select n, case when n % 2 = 0 then 'ada' else 'grace' end, 'Article ' || n from generate_series(1, 1000) n;
    `)
    return new Articles(db)
  }

  async byId(id: number): Promise<Article | undefined> {
    this.queries++
    const { rows } = await this.#db.query<Article>('select * from articles where id = $1', [id])
    return rows[0]
  }

  async byAuthor(author: string): Promise<Article[]> {
    this.queries++
    const { rows } = await this.#db.query<Article>(
      'select * from articles where author = $1 order by id limit 10',
      [author],
    )
    return rows
  }

  /** The author of the article, if there is one. */
  async rename(id: number, title: string): Promise<string | undefined> {
    const { rows } = await this.#db.query<{ author: string }>(
      'update articles set title = $2 where id = $1 returning author',
      [id, title],
    )
    return rows[0]?.author
  }

  close(): Promise<void> {
    return this.#db.close()
  }
}
