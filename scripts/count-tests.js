// Prints `N passed, N failed` for a report of vitest's json reporter, and nothing if the report is empty because the
// tests did not run. A file that could not be loaded counts as failed.
import { readFileSync } from 'node:fs'

const text = readFileSync(process.argv[2], 'utf8')
if (text === '') process.exit()

const { testResults } = JSON.parse(text)
const tests = testResults.flatMap((file) => file.assertionResults)
const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
const passed = tests.filter((test) => test.status === 'passed').length
const failed = tests.filter((test) => test.status === 'failed').length + broken.length

console.log(`${passed} passed, ${failed} failed`)
