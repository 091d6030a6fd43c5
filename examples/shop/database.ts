import { PGlite } from '@electric-sql/pglite'
import { categories, makeProduct, makeReviews } from './catalogue.ts'

/** Starts PostgreSQL inside this process, in memory, with the tables of the shop. */
export async function openDatabase(): Promise<PGlite> {
  try {
    const db = await PGlite.create()
    await db.exec(schema)
    return db
  } catch (cause) {
    throw new Error(`PGlite, the embedded PostgreSQL, cannot start: ${String(cause)}`, { cause })
  }
}

/** Writes the products 0 … `products - 1` with their categories and reviews. */
export async function loadCatalogue(db: PGlite, products: number, onProgress: (loaded: number) => void) {
  await insert(db, 'categories', 'id int, name text', [...categories.entries()].map(toCategory))
  for (let id = 0; id < products; id += batch) {
    const ids = Array.from({ length: Math.min(batch, products - id) }, (_, i) => id + i)
    await insert(db, 'products', productColumns, ids.map(makeProduct))
    await insert(db, 'reviews', reviewColumns, ids.flatMap(makeReviews))
    onProgress(id + ids.length)
  }
  await db.exec('create index on reviews (product_id); analyze')
}

const batch = 1_000

const productColumns = 'id int, category_id int, title text, price_cents int, stock int, description text'
const reviewColumns = 'product_id int, author text, stars int, body text'

// The page's query is a function of the database, which plans it once and not per request: the run without a
// cache is to be as fast as it can be.
const schema = `
  create table categories (id int primary key, name text not null);
  create table products (
    id int primary key,
    category_id int not null references categories,
    title text not null,
    price_cents int not null,
    stock int not null,
    description text not null
  );
  create table reviews (
    product_id int not null references products,
    author text not null,
    stars int not null,
    body text not null
  );
  create function product_page(wanted int) returns json stable language sql as $$
    select json_build_object(
      'id', p.id, 'title', p.title, 'category', c.name, 'priceCents', p.price_cents, 'stock', p.stock,
      'description', p.description, 'stars', r.stars, 'reviews', r.reviews)
    from products p
    join categories c on c.id = p.category_id
    cross join lateral (
      select round(avg(stars), 1) as stars, coalesce(json_agg(json_build_object(
        'author', author, 'stars', stars, 'body', body)), '[]') as reviews
      from reviews where product_id = p.id
    ) r
    where p.id = wanted
  $$;
`

function toCategory([id, name]: [number, string]) {
  return { id, name }
}

async function insert(db: PGlite, table: string, columns: string, rows: object[]): Promise<void> {
  const names = columns.replace(/ (int|text)/g, '')
  const sql = `insert into ${table} (${names}) select ${names} from json_to_recordset($1) as row (${columns})`
  await db.query(sql, [JSON.stringify(rows)])
}
