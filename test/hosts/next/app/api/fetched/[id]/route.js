export async function GET(_request, { params }) {
  const { id } = await params
  const response = await fetch(`${process.env.SOURCE}/fetched-${id}`, {
    cache: 'force-cache',
    next: { tags: [`fetched-${id}`], revalidate: 3600 },
  })
  return Response.json(await response.json())
}
