import { describe, expect, it } from 'vitest'
import { decodeEntry } from '../../../src/decode/decode-entry.js'
import type { CertStreamCertificate, CertStreamUpdate } from '../../../src/types/certstream.js'
import { describeReal, realJson } from '../../real-data.js'
import {
  attribute,
  buildCertificate,
  buildTbs,
  commonName,
  dnsName,
  integer,
  name,
  poison,
  subjectAltName,
  tlv,
  utf8,
} from '../x509/build.js'
import { certificateEntry, context, precertEntry } from './entries.js'
import { rawEntry, rfcLog } from './real-entries.js'

interface LiveEntry {
  readonly name: string
  readonly log_name: string
  readonly log_url: string
  readonly cert_index: number
  readonly leaf_input: string
  readonly extra_data: string
  readonly expected_full: string
  readonly expected_lite: string
  readonly expected_domains_only: string
}

/** `theirs`, as far as it goes: keys they leave out may be anything, and `null` is where they leave a value out. */
function cutTo(theirs: unknown, ours: unknown): unknown {
  if (Array.isArray(theirs) && Array.isArray(ours)) return ours.map((item, i) => cutTo(theirs[i], item))
  if (typeof theirs !== 'object' || theirs === null || typeof ours !== 'object' || ours === null) return ours
  return Object.fromEntries(
    Object.keys(theirs).map((key) => [
      key,
      cutTo((theirs as Record<string, unknown>)[key], (ours as Record<string, unknown>)[key]),
    ]),
  )
}

/** Their order of domains and key purposes is their own: common name first, well-known purposes first. */
function ordered(message: CertStreamUpdate): CertStreamUpdate {
  const certificate = <T extends CertStreamCertificate>(cert: T): T => {
    const { extendedKeyUsage } = cert.extensions
    const usage = extendedKeyUsage === undefined ? {} : { extendedKeyUsage: extendedKeyUsage.split(', ').sort().join() }
    const domains = cert.all_domains === undefined ? {} : { all_domains: [...cert.all_domains].sort() }
    return { ...cert, ...domains, extensions: { ...cert.extensions, ...usage } }
  }
  const { leaf_cert, chain } = message.data
  const issuers = chain === undefined ? {} : { chain: chain.map(certificate) }
  return { ...message, data: { ...message.data, leaf_cert: certificate(leaf_cert), ...issuers } }
}

/** Keys of `ours` that `theirs` has not, with a dot between levels. */
function surplus(theirs: unknown, ours: unknown, path = ''): string[] {
  if (Array.isArray(ours))
    return [...new Set(ours.flatMap((item, i) => surplus((theirs as unknown[])?.[i], item, path)))]
  if (typeof ours !== 'object' || ours === null) return []
  return Object.entries(ours).flatMap(([key, value]) => {
    const theirValue = (theirs as Record<string, unknown> | undefined)?.[key]
    const here = path === '' ? key : `${path}.${key}`
    return theirValue === undefined ? [here] : surplus(theirValue, value, here)
  })
}

describeReal('CertStream messages that another server made of real entries', () => {
  const live = realJson<LiveEntry[]>('reloading01+certstream-server-rust', 'extracted', 'live_ct.shared.json')
  const SEEN_AT = 1_700_000_000_000
  const decoded = live.map((entry) => {
    const log = { ...rfcLog, url: entry.log_url, description: entry.log_name }
    const raw = rawEntry(entry.cert_index, entry.leaf_input, entry.extra_data)
    return { entry, cert: decodeEntry(raw, { ...context, log, seenAt: SEEN_AT }) }
  })

  it('are 27', () => {
    expect(live.length).toBe(27)
  })

  it.each([
    ['full', 'expected_full'],
    ['lite', 'expected_lite'],
  ] as const)('%s: every value of theirs is the same, but for order', (form, key) => {
    for (const { entry, cert } of decoded) {
      const theirs = ordered(JSON.parse(entry[key]) as CertStreamUpdate)
      const ours = ordered(JSON.parse(JSON.stringify(cert.toCertStream(form))) as CertStreamUpdate)
      expect(cutTo(theirs, ours), entry.name).toEqual(theirs)
    }
  })

  it('ours have these keys besides, and no others', () => {
    const found = new Set(
      decoded.flatMap(({ entry, cert }) => surplus(JSON.parse(entry.expected_full), cert.toCertStream('full'))),
    )
    const nulls = ['C', 'CN', 'L', 'O', 'OU', 'ST', 'email_address', 'emailAddress']
    const expected = ['leaf_cert', 'chain'].flatMap((where) =>
      ['subject', 'issuer'].flatMap((which) => nulls.map((part) => `data.${where}.${which}.${part}`)),
    )
    const others = [...found].filter((key) => !expected.includes(key)).sort()
    expect(others).toEqual([
      'data.chain.all_domains',
      'data.chain.as_der',
      'data.chain.extensions.crlDistributionPoints',
      'data.leaf_cert.extensions.crlDistributionPoints',
      'data.leaf_cert.extensions.ctlSignedCertificateTimestamp',
      'data.source.timestamp',
      'data.source.type',
    ])
  })

  it('lite has neither chain nor DER', () => {
    for (const { cert } of decoded) {
      const { data } = cert.toCertStream('lite')
      expect('chain' in data).toBe(false)
      expect('as_der' in data.leaf_cert).toBe(false)
    }
  })

  it('domains are the same', () => {
    for (const { entry, cert } of decoded) {
      const theirs = JSON.parse(entry.expected_domains_only) as { data: string[] }
      const ours = cert.toCertStream('domains')
      expect({ ...ours, data: [...ours.data].sort() }).toEqual({ ...theirs, data: [...theirs.data].sort() })
    }
  })
})

describe('a CertStream message', () => {
  const subject = name(
    attribute('2.5.4.6', utf8('DE')),
    attribute('2.5.4.8', utf8('Bavaria')),
    attribute('2.5.4.9', utf8('Main Street 1')),
    attribute('2.5.4.11', utf8('one')),
    attribute('2.5.4.11', utf8('two')),
    attribute('1.2.840.113549.1.9.1', utf8('a@b.example')),
  )

  it('has the state, not the street, as ST, and joins several values', () => {
    expect(certificateEntry(buildCertificate({ subject })).toCertStream('lite').data.leaf_cert.subject).toEqual({
      C: 'DE',
      CN: null,
      L: null,
      O: null,
      OU: 'one,two',
      ST: 'Bavaria',
      aggregated: '/C=DE/OU=one,two/ST=Bavaria',
      email_address: 'a@b.example',
      emailAddress: 'a@b.example',
    })
  })

  it.each([
    ['00ff', 'FF'],
    ['0a', '0A'],
    ['00', '00'],
    ['ff', '-01'],
    ['ff00', '-0100'],
    ['80', '-80'],
  ])('writes the serial number %s as %s', (serial, expected) => {
    const { data } = certificateEntry(buildCertificate({ serial: integer(serial) })).toCertStream('lite')
    expect(data.leaf_cert.serial_number).toBe(expected)
  })

  it('has a serial number of millions of octets, too', () => {
    const serial = tlv(0x02, new Uint8Array(6_000_000), Uint8Array.of(1))
    const { data } = certificateEntry(buildCertificate({ serial })).toCertStream('lite')
    expect(data.leaf_cert.serial_number).toBe('01')
  })

  it('of a form that there is not is refused', () => {
    const cert = certificateEntry(buildCertificate())
    expect(() => cert.toCertStream('domains-only' as never)).toThrow(
      expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringContaining('domains-only') }),
    )
  })

  it("of a static-ct log has no link, and the log's time when it is unknown when it was seen", () => {
    const raw = { log: { ...rfcLog, kind: 'static-ct' as const } }
    const { data } = certificateEntry(buildCertificate()).toCertStream()
    expect(data.cert_link).toBe('https://ct.example/ct/v1/get-entries?start=7&end=7')
    expect(data.seen).toBe(data.submission_timestamp)
    expect(data.source.type).toBe('rfc6962')
    const tiled = decodeEntry(
      {
        index: 7,
        leafInput: certificateEntry(buildCertificate()).leafInput,
        extra: { preCertificate: () => undefined, chain: () => ({ kind: 'fingerprints', fingerprints: [] }) },
      },
      { ...context, ...raw },
    ).toCertStream()
    expect(tiled.data).toMatchObject({ cert_link: '', source: { type: 'tiled' }, chain: [] })
  })

  it('of a precertificate has the poison', () => {
    const extensions = [poison(), subjectAltName(dnsName('www.example.com'))]
    const { data } = precertEntry(buildTbs(), buildCertificate({ extensions })).toCertStream('full')
    expect(data.update_type).toBe('PrecertLogEntry')
    expect(data.leaf_cert.extensions.ctlPoisonByte).toBe(true)
    expect(data.leaf_cert.as_der).toBe(Buffer.from(buildCertificate({ extensions })).toString('base64'))
  })

  it('gives common names that are host names among the domains', () => {
    const cert = certificateEntry(buildCertificate({ subject: name(commonName('B.example')) }))
    expect(cert.toCertStream('domains')).toEqual({
      message_type: 'dns_entries',
      data: ['www.example.com', 'b.example'],
    })
  })
})
