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
  const log = await createTestLog({ kind: 'rfc6962', entries: issueCertificates(500) })
  log.fault({ on: 'get-sth', times: 1, status: 503 })
  log.fault({ on: 'get-entries', times: 2, cutAfter: 1000 })
  const count = await countCertificates({ logs: [log.spec], start: 'beginning', end: 'head', checkpoint: false })
  assert.strictEqual(count, 500)
  await log.close()
}

/** The code under test: the names below a domain that certificates were issued for. */
export async function alerts(domain: string, options: Parameters<typeof ctStream>[0]): Promise<string[]> {
  const names: string[] = []
  for await (const cert of ctStream({ ...options, filter: { domains: [domain] } })) names.push(...cert.dnsNames)
  return names
}

export async function testAlerts(): Promise<void> {
  const entries = issueCertificates([{ dnsNames: ['login.example.com'] }, { dnsNames: ['example.com.attacker.test'] }])
  const log = await createTestLog({ entries })
  const fired = await alerts('example.com', { logs: [log.spec], start: 'beginning', end: 'head', checkpoint: false })
  assert.deepStrictEqual(fired, ['login.example.com'])
  await log.close()
}

if (import.meta.filename === process.argv[1]) {
  await testCountCertificates()
  await testAlerts()
  console.log('ok')
}
