/** A product as the database keeps it. */
export interface Product {
  id: number
  category_id: number
  title: string
  price_cents: number
  stock: number
  description: string
}

export interface Review {
  product_id: number
  author: string
  stars: number
  body: string
}

export const categories = [
  'Kitchen',
  'Garden',
  'Bath',
  'Office',
  'Lighting',
  'Storage',
  'Textiles',
  'Outdoor',
]

/** The goods of an imaginary shop; the same id gives the same product in every run. */
export function makeProduct(id: number): Product {
  const pick = picker(id)
  const category_id = pick(categories.length)
  const material = from(materials, pick)
  const title = `${from(adjectives, pick)} ${material} ${from(things, pick)} No. ${id}`
  const description = Array.from({ length: 4 + pick(8) }, () => from(sentences, pick)).join(' ')
  return { id, category_id, title, price_cents: 495 + 100 * pick(250), stock: pick(200), description }
}

/** From none to nine reviews of a product. */
export function makeReviews(product_id: number): Review[] {
  const pick = picker(product_id + 1_000_000)
  return Array.from({ length: pick(10) }, () => ({
    product_id,
    author: from(authors, pick),
    stars: 5 - Math.floor(Math.sqrt(pick(25))),
    body: `${from(opinions, pick)} ${from(opinions, pick)}`,
  }))
}

const adjectives = ['Sturdy', 'Light', 'Folding', 'Classic', 'Small', 'Large', 'Handmade', 'Plain']
const materials = ['oak', 'steel', 'linen', 'glass', 'cork', 'wool', 'bamboo', 'stoneware']
const things = ['lamp', 'chair', 'basket', 'bowl', 'shelf', 'blanket', 'board', 'jug', 'box', 'hook']
const authors = ['Ada', 'Brian', 'Chidi', 'Dora', 'Emre', 'Femke', 'Grace', 'Hiro', 'Ines', 'Jonas']

const sentences = [
  'Made in small batches by a family workshop.',
  'Every piece differs a little in colour and grain.',
  'Wipe with a damp cloth; keep away from strong heat.',
  'Delivered flat, with everything needed to put it together.',
  'The surface is oiled twice and dried for a week.',
  'Goes well with the other pieces of the same series.',
  'Spare parts are in stock for at least ten years.',
  'Carries up to twelve kilograms when fixed to a solid wall.',
]

const opinions = [
  'Exactly as in the picture.',
  'Arrived after two days, well packed.',
  'The colour is a little darker than I thought.',
  'We use it every day.',
  'Bought a second one for my sister.',
  'Instructions could be clearer.',
  'Good quality for the price.',
]

type Pick = (below: number) => number

function from(words: readonly string[], pick: Pick): string {
  return words[pick(words.length)]!
}

/** A small generator of random numbers (mulberry32) with a seed, so that all runs see the same shop. */
function picker(seed: number): Pick {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}
