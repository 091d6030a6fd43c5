import { revalidatePath, revalidateTag } from 'next/cache'

export async function POST(request) {
  const { tag, path, profile = { expire: 0 } } = await request.json()
  if (path === undefined) revalidateTag(tag, profile)
  else revalidatePath(path)
  return Response.json({ done: true })
}
