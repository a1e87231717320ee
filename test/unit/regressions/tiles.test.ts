import { createHash, X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../../src/util/bytes.js'
import { range, take } from '../../support/follow.js'
import { quiet } from '../../support/reader.js'
import { backfill, certificates, follow, openLog } from './logs.js'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('the partial tile at the end of a log', () => {
  // Off by one: the partial tile was fetched at every poll of a log that stood still, hundreds of Mbit/s in sum.
  it('is fetched once, however long the log stands still', async () => {
    const log = await openLog({ kind: 'static-ct', entries: certificates(300, 'partial') })
    const reader = follow({ logs: [log.spec], start: 'beginning' })
    await reader.until(() => reader.certificates.length === 300)
    log.clearRequests()
    await reader.until(() => log.requestCount('checkpoint') >= 15)
    expect(log.requestCount()).toBe(log.requestCount('checkpoint'))
    expect(reader.indexes()).toEqual(range(0, 300))
  })

  // The error of a partial tile that was dropped was only logged; the goroutine of another program ended.
  it('is read from the full tile when it is gone', async () => {
    const log = await openLog({ kind: 'static-ct', entries: certificates(300, 'gone') })
    log.fault({ on: ['data-tile', 'tile'], when: ({ index, width }) => index === 1 && width !== 256, status: 404 })
    const reader = follow({ logs: [log.spec], start: 'beginning' })
    await reader.until(() => reader.errors.length > 0)
    // Meanwhile the tile fills, and its partial forms are dropped for good.
    log.add(certificates(250, 'gone for good'))
    log.publish()
    await reader.until(() => reader.certificates.length >= 512)
    expect(reader.indexes().slice(0, 512)).toEqual(range(0, 512))
  })
})

describe('a precertificate in a data tile', () => {
  // Its TBS was parsed as a certificate, or the submitted precertificate was left behind: hashes of nothing.
  it('comes with what was submitted, and with what the log hashed', async () => {
    const issued = certificates(40, 'precerts').filter(({ kind }) => kind === 'precertificate')
    const log = await openLog({ kind: 'static-ct', entries: issued })
    const read = await take(backfill(log))
    expect(read).toHaveLength(issued.length)
    for (const [i, { der, tbs, chain, serialNumber, issuerKeyHash }] of issued.entries()) {
      const certificate = read[i]
      expect(certificate?.kind).toBe('precertificate')
      expect(certificate?.sha256).toBe(sha256(der))
      expect(certificate?.serialNumber).toBe(serialNumber)
      expect(toHex(certificate?.der ?? new Uint8Array())).toBe(toHex(der))
      expect(toHex(certificate?.tbs ?? new Uint8Array())).toBe(toHex(tbs))
      expect(toHex(certificate?.issuerKeyHash ?? new Uint8Array())).toBe(toHex(issuerKeyHash))
      expect(new X509Certificate(certificate?.der ?? '').serialNumber.toLowerCase()).toBe(serialNumber)
      expect((await log.entry(i)).leafInput).toHaveLength(certificate?.leafInput.length ?? 0)
      expect(chain).toHaveLength(2)
    }
  })
})

describe('the fingerprints after an entry', () => {
  // Their length is in bytes. Read as a count it swallowed what follows: 99 % of all entries.
  it.each([0, 1, 2, 7, 16, 40])('of %i issuers leave the next entry where it is', async (length) => {
    const [root] = certificates(1, 'root')[0]?.chain ?? []
    const chain = Array.from({ length }, () => root as Uint8Array)
    const entries = certificates(300, `chain ${length}`).map((issued) => ({ ...issued, chain }))
    const log = await openLog({ kind: 'static-ct', entries })
    const stream = backfill(log)
    const names: string[][] = []
    for await (const certificate of stream) {
      names.push([...certificate.dnsNames])
      if (certificate.index % 99 !== 0) continue
      // No CA's chain is as long as 16: a log could make a reader fetch two thousand issuers for every entry.
      if (length > 16) await expect(certificate.chain()).rejects.toMatchObject({ code: 'CT_LEAF_MALFORMED' })
      else expect((await certificate.chain()).map(sha256)).toEqual(chain.map((der) => sha256(der)))
    }
    expect(names).toHaveLength(300)
    for (const [i, { dnsNames }] of entries.entries()) expect(names[i]).toEqual(expect.arrayContaining([...dnsNames]))
  })
})

describe('a log of tiles that stands still', () => {
  it('costs nothing but its checkpoint', async () => {
    const log = await openLog({ kind: 'static-ct', entries: certificates(10, 'still') })
    const reader = follow({ logs: [log.spec] })
    await reader.until(() => reader.state(log.logId) === 'live')
    log.clearRequests()
    await quiet()
    await reader.until(() => log.requestCount('checkpoint') > 3)
    expect(log.requestCount()).toBe(log.requestCount('checkpoint'))
  })
})
