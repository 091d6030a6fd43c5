import { Writable } from 'node:stream'
import type { Cache } from 'nearcache'
import { type SaveOptions, save } from 'nearcache/snapshot'

/** The bytes of a snapshot, uncompressed. */
export async function snapshotOf<K, V>(cache: Cache<K, V>, options?: SaveOptions<K, V>): Promise<Buffer> {
  const chunks: Buffer[] = []
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  await save(cache, sink, options)
  return Buffer.concat(chunks)
}

/** Bytes as a stream, in chunks of that many. */
export async function* streamed(bytes: Buffer, chunk = 1000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk)
}
