import { describe, expect, it } from 'vitest'
import { decodeEntry, isOfBytes } from '../../../../src/decode/decode-entry.js'
import { decodeSingle } from '../../../../src/decode/single-certificate.js'
import { submittedIssuer } from '../../../../src/intelligence/submitted-issuer.js'
import { readPage, writePage } from '../../../../src/modules/threads/page-bytes.js'
import { issueCertificates } from '../../../../src/testing/index.js'
import type { CtCertificate } from '../../../../src/types/certificate.js'
import { BufferPool } from '../../../../src/util/buffer-pool.js'
import { toHex } from '../../../../src/util/bytes.js'
import { Rfc6962Extra } from '../../../../src/wire/extra-data.js'
import { tileExtra } from '../../../../src/wire/tile-leaf.js'
import { describeReal } from '../../../real-data.js'
import { logNamed, madeCertificates } from '../../../support/module-certificates.js'
import { realCertificates } from '../../../support/real-certificates.js'

const shared = () => new BufferPool((length) => Buffer.from(new SharedArrayBuffer(length)))
const context = {
  log: logNamed('one'),
  historical: false,
  cursor: () => 'here',
  issuer: () => Promise.reject(new Error('none')),
}

/** What modules in threads read of a certificate. */
function contentOf(certificate: CtCertificate): unknown {
  const { dnsNames, altNames, issuer, subject, publicKey, extensions, scts, policies } = certificate
  const { kind, index, timestamp, notBefore, notAfter, serialNumber, issuanceId, issuerKeyHash } = certificate
  const { leafInput, leafHash, log, historical, verified } = certificate
  const submitted = submittedIssuer(certificate)
  return [
    {
      dnsNames,
      altNames,
      issuer,
      subject,
      publicKey,
      extensions,
      scts,
      policies,
      submitted: submitted && toHex(submitted),
    },
    { kind, index, timestamp, notBefore, notAfter, serialNumber, issuanceId, issuerKeyHash },
    { leafInput, leafHash, log, historical, verified },
  ]
}

function expectSame(certificates: readonly CtCertificate[]): void {
  const pool = shared()
  const [page] = writePage(certificates, pool)
  // As another thread gets it.
  const read = readPage(structuredClone(page))
  expect(read).toHaveLength(certificates.length)
  for (const [i, certificate] of certificates.entries())
    expect(contentOf(read[i] as CtCertificate)).toEqual(contentOf(certificate))
}

const entryWith = (leafInput: Uint8Array, base64: string, index = 0) =>
  decodeEntry({ index, leafInput, extra: new Rfc6962Extra(base64, leafInput[11] === 1 ? 'precert' : 'x509') }, context)

describe('certificates in shared memory', () => {
  it('are the same, with the context of each', () => {
    const certificates = madeCertificates(40, { kinds: 'pairs' }).map((certificate, i) => {
      const { leafInput } = certificate
      const extra = tileExtra(Buffer.alloc(5), 0, leafInput[11] === 1 ? 5 : 2, leafInput)
      const part = {
        ...context,
        historical: i < 7,
        verified: i % 5 > 2,
        ...(i > 20 && { accusedOf: 'CT_CONSISTENCY' as const }),
      }
      return decodeEntry({ index: 2 ** 40 + 3 * i, leafInput, extra }, part)
    })
    expectSame(certificates)
    expectSame(madeCertificates(40, { kinds: 'pairs' }))
    expectSame([...madeCertificates(3), ...certificates])
  })

  it('are the same where the log sent nothing beside the leaf, or what is no precertificate', () => {
    const [{ leafInput }] = madeCertificates(1, { kinds: 'precertificates' }) as [CtCertificate]
    const length = (n: number) => Buffer.from([0, n >> 8, n & 255])
    const texts = [
      '',
      '====',
      'not base64',
      Buffer.concat([length(5), Buffer.from('short')]).toString('base64'),
      Buffer.concat([length(50), Buffer.from('short')]).toString('base64'),
      Buffer.concat([length(1), Buffer.from('x'), length(0)]).toString('base64'),
    ]
    for (const text of texts) {
      expectSame([entryWith(leafInput, text)])
    }
  })

  it('are known by whether their bytes say all of them', () => {
    const [made] = madeCertificates(1) as [CtCertificate]
    const [issued] = issueCertificates(1)
    expect(isOfBytes(made)).toBe(true)
    expect(isOfBytes(decodeSingle((issued as { der: Uint8Array }).der, {}))).toBe(false)
    expect(isOfBytes({})).toBe(false)
  })
})

describeReal('real certificates in shared memory', () => {
  it('are the same', () => {
    expectSame(realCertificates())
  })
})
