import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Block, compile, extract } from '../../docs/blocks.ts'
import { root } from '../../docs/pages.ts'

describe('the page of Prisma', () => {
  let folder: string
  let blocks: Block[]

  beforeAll(() => {
    const cache = fileURLToPath(new URL('.cache/', import.meta.url))
    mkdirSync(cache, { recursive: true })
    folder = mkdtempSync(join(cache, 'page-'))
    symlinkSync(fileURLToPath(new URL('generated', import.meta.url)), join(folder, 'generated'), 'junction')
    blocks = extract(root, 'docs/adapters/prisma.md', folder, 'js')
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  test('the examples of the page do what they say', async () => {
    expect(blocks).toHaveLength(2)
    for (const { file } of blocks) await import(file)
  })

  test('they compile: the extended client has the types of the schema', { timeout: 120_000 }, () => {
    const types = `
    import { queryCache } from 'nearcache/prisma'
    import { PrismaClient } from './generated/client.ts'
    declare const client: PrismaClient
    const prisma = client.$extends({ result: { user: { shout: { needs: { name: true }, compute: (user) => user.name } } } }).$extends(queryCache())
    const found: { shout: string; name: string }[] = await prisma.user.findMany()
    const counted: { _count: { posts: number } } | null = await prisma.user.findUnique({ where: { id: found.length }, select: { _count: { select: { posts: true } } } })
    // @ts-expect-error: there is no such field
    await prisma.user.findMany({ where: { nome: counted } })
    // @ts-expect-error: a number is no name
    const names: string[] = await prisma.$transaction(async (tx) => (await tx.user.findMany()).map(({ id }) => id))
    export { names }`
    writeFileSync(join(folder, 'types.ts'), types)
    const project = { extends: join(root, 'tsconfig.all.json'), include: ['.'], exclude: [] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project))
    expect(compile(root, folder)).toBe('')
  })
})
