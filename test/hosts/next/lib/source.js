/** The source of all data: a server of the test, which counts what it is asked for. */
export async function read(what) {
  const response = await fetch(`${process.env.SOURCE}/${what}`, { cache: 'no-store' })
  return response.json()
}
