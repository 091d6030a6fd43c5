import { product } from '../../../lib/product.js'

export function generateStaticParams() {
  return [{ id: 'built' }]
}

export default async function Page({ params }) {
  'use cache'
  const { id } = await params
  const { text } = await product(id)
  return <p>{`text: ${text}`}</p>
}
