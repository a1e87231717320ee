import { describe, expect, it } from 'vitest'
import { documentId, entryDocument, parkedDocument, plausibleTime } from '../../../src/sinks/entry-document.js'
import { CERTIFICATE_SHAPES, issueCertificates } from '../../../src/testing/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { backfill, logOf } from '../../support/logs.js'

/** The log signs with the time of this machine: a fixed time would be too early for its entries one day. */
const NOW = Date.now()

/** One of each shape, one that is no leaf. */
async function shapes(): Promise<CtCertificate[]> {
  const log = await logOf(0)
  log.add([...issueCertificates(2 * CERTIFICATE_SHAPES.length, { sign: false, seed: 'entry document' })])
  log.add([{ leafInput: Uint8Array.of(0, 0, 1), extraData: new Uint8Array(0) }])
  log.publish()
  const all: CtCertificate[] = []
  for await (const page of backfill(log).batches()) all.push(...page)
  return all
}

describe('the document of an entry', () => {
  it('has the field names of the Elastic Common Schema', async () => {
    for (const certificate of await shapes()) {
      const document = JSON.parse(JSON.stringify(entryDocument(certificate, NOW, {})))
      const { log, index, kind, serialNumber, issuer } = certificate
      expect(document.event.id).toBe(`${log.id}:${index}`)
      expect(document.ct).toMatchObject({ index, kind, log: { id: log.id } })
      if (kind === 'unparsable') {
        expect(document.x509).toBeUndefined()
        expect(document.ct.leaf_input).toBe(Buffer.from(certificate.leafInput).toString('base64'))
        continue
      }
      expect(document.x509.serial_number).toBe(serialNumber?.toUpperCase())
      expect(document.x509.issuer.distinguished_name).toBe(issuer.toString())
      expect(document.ct.der).toBeUndefined()
      expect(document.ct.problems).toBeUndefined()
      const codes = [...new Set(certificate.problems.map(({ code }) => code))]
      expect(entryDocument(certificate, NOW, { problems: true }).ct.problems).toEqual(codes)
    }
  })

  it('has names with their labels in reverse', async () => {
    const found = (await shapes()).find(({ dnsNames }) => dnsNames.length > 1)
    const { names, names_reversed } = entryDocument(found as CtCertificate, NOW, {}).ct
    expect(names_reversed.map((name) => name.split('.').reverse().join('.'))).toEqual(names)
  })

  it('has the same key and content whenever it is made, except for the time at which it was made', async () => {
    const [certificate] = await shapes()
    const at = (now: number) => {
      const { event, ...rest } = entryDocument(certificate as CtCertificate, now, { der: true })
      return { ...rest, event: { ...event, created: undefined } }
    }
    expect(at(NOW)).toEqual(at(NOW + 1e9))
    expect(at(NOW).event.id).toBe(documentId(certificate as CtCertificate))
  })

  it.each([
    [Date.UTC(2013, 1, 28), false],
    [Date.UTC(2013, 2), true],
    [NOW + 86_400_000, true],
    [NOW + 86_400_001, false],
    [8.64e15, false],
  ])('believes a time that a log can have signed: %d, %s', (ms, isPlausible) => {
    const timestamp = new Date(ms)
    expect(plausibleTime({ timestamp } as CtCertificate, NOW)).toEqual(isPlausible ? timestamp : undefined)
  })

  it('keeps enough of a refused entry to read it again', async () => {
    const certificate = (await shapes()).at(-1) as CtCertificate
    expect(parkedDocument(certificate, NOW, 'why')).toMatchObject({
      ct: { index: certificate.index, log: { id: certificate.log.id, url: certificate.log.url } },
      error: { message: 'why' },
    })
  })
})
