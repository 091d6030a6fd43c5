import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { PGlite } from '@electric-sql/pglite'

/** PostgreSQL in a process of its own, started with how many pages it holds. It answers a line of JSON with a line of JSON. */
const pages = Number(process.argv[2])
const db = await PGlite.create()
await db.exec(`
  create table pages (id int primary key, version int not null, title text not null, body text not null);
  insert into pages select id, 1, 'Page ' || id, repeat('What is on page ' || id || '. ', 20) from generate_series(0, ${pages - 1}) id;
`)

const statements = {
  read: 'select id, version, title, body from pages where id = $1',
  write: 'update pages set version = version + 1 where id = $1 returning id, version, title, body',
}

interface Question {
  readonly call: number
  readonly statement: keyof typeof statements
  readonly id: number
}

const server = createServer((socket) => {
  socket.on('error', () => {})
  createInterface({ input: socket }).on('line', async (line) => {
    const { call, statement, id } = JSON.parse(line) as Question
    const { rows } = await db.query(statements[statement], [id])
    socket.write(`${JSON.stringify({ call, row: rows[0] })}\n`)
  })
})
server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as { port: number }).port }))
process.on('disconnect', () => process.exit())
