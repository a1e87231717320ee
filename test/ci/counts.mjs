// What failed, by name, then the sum of vitest's JSON results as the last line: of a long output, only the end is read. A run that left
// no results, or a file that failed outside its tests, is one failure. An error outside of any test and file is in no result: vitest ends
// with another status than 0 on account of it, and says so in its own output.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

/** Of a message, enough to tell what went wrong without the whole output. Characters. */
const MESSAGE_MAX = 600

let passed = 0
let failed = 0
for (const path of process.argv.slice(2)) {
  const run = basename(path, '.json')
  let results
  try {
    results = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    failed++
    say(run, 'left no results', error.message)
    continue
  }
  const { numPassedTests, numFailedTests, success, testResults } = results
  passed += numPassedTests
  failed += numFailedTests
  for (const { name, status, message, assertionResults } of testResults) {
    const tests = assertionResults.filter((test) => test.status === 'failed')
    for (const { fullName, failureMessages } of tests)
      say(run, `${basename(name)}: ${fullName}`, failureMessages.join('\n'))
    if (status === 'failed' && tests.length === 0) say(run, `${basename(name)}, outside of its tests`, message)
  }
  if (!success && numFailedTests === 0) {
    failed++
    say(run, 'failed outside of its tests: see its output', '')
  }
}
console.log(`${passed} passed, ${failed} failed`)

function say(run, what, message) {
  console.log(`✘ ${run}: ${what}\n${message.slice(0, MESSAGE_MAX)}`)
}
