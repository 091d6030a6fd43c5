import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SCHEMA = `
  CREATE TABLE User (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE);
  CREATE TABLE Post (
    id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, authorId INTEGER REFERENCES User(id) ON DELETE CASCADE);
  CREATE TABLE Profile (
    id INTEGER PRIMARY KEY AUTOINCREMENT, bio TEXT NOT NULL, userId INTEGER NOT NULL UNIQUE REFERENCES User(id) ON DELETE CASCADE);
  CREATE TABLE Tag (id INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT NOT NULL UNIQUE);
  CREATE TABLE _PostToTag (
    A INTEGER NOT NULL REFERENCES Post(id) ON DELETE CASCADE, B INTEGER NOT NULL REFERENCES Tag(id) ON DELETE CASCADE, UNIQUE (A, B));
  CREATE TABLE Report (
    id INTEGER PRIMARY KEY AUTOINCREMENT, amount DECIMAL NOT NULL, authorId INTEGER REFERENCES User(id) ON DELETE SET NULL);
  CREATE TABLE Figure (
    id INTEGER PRIMARY KEY AUTOINCREMENT, value INTEGER NOT NULL, reportId INTEGER REFERENCES Report(id) ON DELETE SET NULL);
  INSERT INTO User VALUES (1, 'Ada', 'ada@example.com'), (2, 'Bo', 'bo@example.com');
  INSERT INTO Post VALUES (1, 'On engines', 1), (2, 'On looms', 1);
  INSERT INTO Profile VALUES (1, 'Countess', 1);
  INSERT INTO Tag VALUES (1, 'maths');
  INSERT INTO _PostToTag VALUES (1, 1);
  INSERT INTO Report VALUES (1, 12.5, 1);
  INSERT INTO Figure VALUES (1, 7, 1);
`

/** What Prisma's packages in this folder export; its types are there only once it is installed. */
const load = (path: string): Promise<any> => import(fileURLToPath(new URL(path, import.meta.url)))

/** A database in a file, with users and their posts. */
export async function createDatabase(): Promise<{ url: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'nearcache-prisma-'))
  const url = `file:${join(folder, 'shop.db')}`
  const { createClient } = await load('node_modules/@libsql/client/lib-esm/node.js')
  const client = createClient({ url })
  await client.executeMultiple(SCHEMA)
  client.close()
  return { url, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** A client of Prisma, and the statements that it has sent. */
export async function connect(url: string): Promise<{ client: any; sent: string[] }> {
  const { PrismaClient } = await load('generated/client.ts')
  const { PrismaLibSql } = await load('node_modules/@prisma/adapter-libsql/dist/index-node.mjs')
  const client = new PrismaClient({
    adapter: new PrismaLibSql({ url }),
    log: [{ emit: 'event', level: 'query' }],
  })
  const sent: string[] = []
  client.$on('query', ({ query }: { query: string }) => sent.push(query))
  return { client, sent }
}
