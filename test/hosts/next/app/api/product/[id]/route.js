import { product } from '../../../../lib/product.js'

export async function GET(_request, { params }) {
  const { id } = await params
  return Response.json(await product(id))
}
