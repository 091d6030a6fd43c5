import { expect, test } from 'vitest'
import { tableOfKinds, tableOnPage } from '../projects/table.ts'

test('the page on projects lists what is tried: `npm run check:projects -- --table` writes it', () => {
  expect(tableOnPage()).toBe(tableOfKinds())
})
