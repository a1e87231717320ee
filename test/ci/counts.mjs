// `counts.mjs FOLDER STAGE …`: what failed, by name, then the sum of what the stages' vitest left in the folder, as the last line: of a long
// output, only the end is read. A stage that left no results, or a file that failed outside its tests, is one failure; so is a stage that is
// in the folder's file `ended` without any other failure: it ended with another status than 0, as vitest does on account of an error
// outside of any test and file, which is in no result.
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** Of a message, enough to tell what went wrong without the whole output. Characters. */
const MESSAGE_MAX = 600

const [folder, ...stages] = process.argv.slice(2)
let passed = 0
let failed = 0
const unsaid = new Set(existsSync(join(folder, 'ended')) ? lines(readFileSync(join(folder, 'ended'), 'utf8')) : [])
for (const stage of stages) {
  let results
  try {
    results = JSON.parse(readFileSync(join(folder, `${stage}.json`), 'utf8'))
  } catch (error) {
    fail(stage, 'left no results', error.message)
    continue
  }
  const { numPassedTests, testResults } = results
  passed += numPassedTests
  for (const { name, status, message, assertionResults } of testResults) {
    const tests = assertionResults.filter((test) => test.status === 'failed')
    for (const { fullName, failureMessages } of tests)
      fail(stage, `${basename(name)}: ${fullName}`, failureMessages.join('\n'))
    if (status === 'failed' && tests.length === 0) fail(stage, `${basename(name)}, outside of its tests`, message)
  }
}
for (const stage of unsaid) fail(stage, 'ended with another status than 0: see its output')
console.log(`${passed} passed, ${failed} failed`)

function fail(stage, what, message = '') {
  failed++
  unsaid.delete(stage)
  console.log(`✘ ${stage}: ${what}\n${message.slice(0, MESSAGE_MAX)}`)
}

function lines(text) {
  return text.split('\n').filter((line) => line !== '')
}
