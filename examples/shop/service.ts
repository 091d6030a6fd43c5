import type { PGlite } from '@electric-sql/pglite'
import { Cache, type CacheOptions } from 'nearcache'

/** What a product page shows: the product, its category and what buyers say. */
export interface ProductPage {
  id: number
  title: string
  category: string
  priceCents: number
  stock: number
  description: string
  stars: number | null
  reviews: { author: string; stars: number; body: string }[]
}

/** The service: answers requests for product pages from the cache or else from the database. */
export class Shop {
  readonly #db: PGlite
  readonly pages: Cache<number, ProductPage>
  /** Queries sent to the database so far. */
  queries = 0

  constructor(db: PGlite, caching: CacheOptions<number, ProductPage>) {
    this.#db = db
    this.pages = new Cache(caching)
  }

  productPage(id: number): Promise<ProductPage> {
    return this.pages.getOrLoad(id, (id) => this.#loadPage(id))
  }

  async #loadPage(id: number): Promise<ProductPage> {
    this.queries++
    const { rows } = await this.#db.query<{ page: ProductPage }>('select product_page($1) as page', [id])
    if (!rows[0]?.page) throw new Error(`There is no product ${id}`)
    return rows[0].page
  }
}
