// The sum of vitest's JSON results as one line. A run that left no results, or failed outside its tests, is one failure.
import { readFileSync } from 'node:fs'

let passed = 0
let failed = 0
for (const file of process.argv.slice(2)) {
  try {
    const { numPassedTests, numFailedTests, success } = JSON.parse(readFileSync(file, 'utf8'))
    passed += numPassedTests
    failed += numFailedTests || (success ? 0 : 1)
  } catch {
    failed++
  }
}
console.log(`${passed} passed, ${failed} failed`)
