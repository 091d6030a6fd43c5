import { expect, test } from 'vitest'
import { fieldsOf } from '../../scripts/exports.ts'
import { read } from './sources.ts'

test('each entry has all conditions, as `npm run exports` writes them', () => {
  const manifest = JSON.parse(read('package.json'))
  expect(manifest).toMatchObject(fieldsOf(manifest))
})
