import type { PGlite } from '@electric-sql/pglite'
import { createCaches } from 'nearcache'
import type { ProductPage } from '../shop/service.ts'

export const PRODUCTS = 4000

/** A shop whose caches are not well chosen: one is too small, one keeps what nobody asks for again. */
export class Shop {
  readonly caches = createCaches({
    // A tenth of what visitors look at.
    pages: { maxEntries: 200, ttl: '10m' },
    // Prices may be some minutes old while their source is down.
    prices: { maxEntries: 5000, ttl: '5s', staleIfError: '10m', errorBackoff: '2s' },
    // Results of searches, each of some kilobytes: more than the process has memory for.
    searches: { maxEntries: 1_000_000, ttl: '1h' },
  })
  isSupplierDown = false
  /** Answers that could not be given. */
  failures = 0
  private readonly db: PGlite
  private searched = 0

  constructor(db: PGlite) {
    this.db = db
  }

  async visit(product: number): Promise<void> {
    try {
      await Promise.all([this.page(product), this.price(product)])
    } catch {
      this.failures++
    }
  }

  /** A search that nobody makes twice. */
  search(): void {
    const words = `shelf number ${++this.searched}`
    const rows = Array.from({ length: 80 }, (_, i) => ({
      id: this.searched * 80 + i,
      title: `${words}, ${i}`,
      score: i / 3,
    }))
    this.caches.searches.set(words, rows)
  }

  private page(product: number): Promise<ProductPage> {
    return this.caches.pages.getOrLoad(product, async (id) => {
      const { rows } = await this.db.query<{ page: ProductPage }>('select product_page($1) as page', [id])
      return rows[0]!.page
    }) as Promise<ProductPage>
  }

  private price(product: number): Promise<number> {
    return this.caches.prices.getOrLoad(product, async (id) => {
      await new Promise((resolve) => setTimeout(resolve, 5 + 20 * Math.random()))
      if (this.isSupplierDown) throw new Error('the supplier of prices answers 503')
      return 100 + (Number(id) % 900)
    }) as Promise<number>
  }
}
