// How to test what reads logs: against a log on this machine that fails in all the ways real logs do.
import assert from 'node:assert'
import { ctStream } from 'ct-stream'
import { createTestLog, issueCertificates } from 'ct-stream/testing'

/** The code under test: counts the certificates of a log. */
export async function countCertificates(options: Parameters<typeof ctStream>[0]): Promise<number> {
  let count = 0
  for await (const _ of ctStream(options)) count++
  return count
}

export async function testCountCertificates(): Promise<void> {
  await using log = await createTestLog({ kind: 'rfc6962', entries: issueCertificates(500) })
  log.fault({ on: 'get-sth', times: 1, status: 503 })
  log.fault({ on: 'get-entries', times: 2, cutAfter: 1000 })
  const count = await countCertificates({ logs: [log.spec], start: 'beginning', end: 'head', checkpoint: false })
  assert.strictEqual(count, 500)
}

if (import.meta.filename === process.argv[1]) {
  await testCountCertificates()
  console.log('ok')
}
