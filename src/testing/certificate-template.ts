import type { TestIssuer } from './certificate-authority.js'
import {
  authorityInfoAccess,
  authorityKeyIdentifier,
  CLIENT_AUTH,
  certificatePolicies,
  crlDistributionPoints,
  distinguishedName,
  dnsName,
  ECDSA_SHA256,
  extendedKeyUsage,
  extensions,
  ipAddress,
  keyIdentifier,
  keyUsage,
  type NameAttributes,
  notCa,
  poison,
  SERVER_AUTH,
  sctList,
  subjectAltName,
  subjectKeyIdentifier,
  VERSION_3,
  validity,
} from './certificate-parts.js'
import { sequence, unsignedInteger } from './der-writer.js'

/** Placeholder in a template for 7 characters that differ in every certificate. */
export const LABEL = '~label~'

// Markers in a template that are overwritten for every certificate. Each is as long as its replacement, and occurs only once.
const MARKERS = {
  label: Buffer.from(LABEL),
  serial: Buffer.from('7e5e71a17e5e71a17e5e71a17e5e71a1', 'hex'),
  notBefore: Buffer.from('~notBefore~~~'),
  notAfter: Buffer.from('~notAfter~~~~'),
  ipv4: Buffer.from('f1f2f3f4', 'hex'),
  ipv6: Buffer.from('20010db8f1f2f3f5f6f7f8f9fafbfcfd', 'hex'),
  sctTimestamp: Buffer.from('~sctTime'),
  sctSignature: Buffer.from('~sctSignature~~~~~~~~~~~~~~~~~~~'),
} as const

export type Slot = keyof typeof MARKERS

/** Bytes that are copied and overwritten at `slots` to make one certificate. */
export interface PatchableBytes {
  readonly bytes: Buffer
  readonly slots: Readonly<Record<Slot, readonly number[]>>
}

/** Properties that a family of certificates shares. */
export interface TemplateSpec {
  readonly issuer: TestIssuer
  readonly subject: NameAttributes
  /** DNS names with {@link LABEL} where each certificate differs. */
  readonly dnsNames: readonly string[]
  /** Whether an IPv4 and an IPv6 address follow the DNS names. */
  readonly addresses: boolean
  readonly spki: Buffer
  /** Whether the key encrypts (RSA key exchange): sets keyEncipherment. */
  readonly rsa: boolean
  readonly policy: 'DV' | 'OV' | 'EV'
  readonly lifetimeMs: number
}

export interface CertificateTemplate {
  readonly spec: TemplateSpec
  /** TBSCertificate without poison and without SCT list: what the log hashes of a precertificate. */
  readonly tbs: PatchableBytes
  /** TBSCertificate of the precertificate, with the poison. */
  readonly precertificate: PatchableBytes
  /** TBSCertificate of the certificate, with an SCT list. */
  readonly certificate: PatchableBytes
}

const POLICY_OIDS = { DV: '2.23.140.1.2.1', OV: '2.23.140.1.2.2', EV: '2.23.140.1.1' } as const

/** Each of the three is made when it is first needed: most tests ask for a few certificates, and never see most templates. */
export function createTemplate(spec: TemplateSpec): CertificateTemplate {
  const made: { -readonly [form in 'tbs' | 'precertificate' | 'certificate']?: PatchableBytes } = {}
  return {
    spec,
    get tbs() {
      made.tbs ??= patchable(tbsCertificate(spec, undefined))
      return made.tbs
    },
    get precertificate() {
      made.precertificate ??= patchable(tbsCertificate(spec, poison()))
      return made.precertificate
    },
    get certificate() {
      made.certificate ??= patchable(tbsCertificate(spec, sctList(SCT_LOGS.map(sctTemplate))))
      return made.certificate
    },
  }
}

function tbsCertificate(spec: TemplateSpec, ctExtension: Buffer | undefined): Buffer {
  const { issuer, subject, rsa } = spec
  const keyUse = rsa ? keyUsage(0, 2) : keyUsage(0)
  const names = spec.dnsNames.map(dnsName)
  if (spec.addresses) names.push(ipAddress(MARKERS.ipv4), ipAddress(MARKERS.ipv6))
  const altNames = subjectAltName(names, subject.length === 0)
  const skid = subjectKeyIdentifier(keyIdentifier(spec.spki.subarray(spec.spki.length - 65)))
  const akid = authorityKeyIdentifier(issuer.keyId)
  const ct = ctExtension === undefined ? [] : [ctExtension]
  // Each family has its own order of extensions, with the CT extension where the real CAs put it.
  const list =
    issuer.family === 'automated'
      ? [
          keyUse,
          extendedKeyUsage(SERVER_AUTH),
          notCa(),
          skid,
          akid,
          authorityInfoAccess(undefined, `http://${issuer.label}.i.automated.example/`),
          altNames,
          certificatePolicies([{ id: POLICY_OIDS[spec.policy] }]),
          crlDistributionPoints(`http://${issuer.label}.c.automated.example/${issuer.label.length * 7}.crl`),
          ...ct,
        ]
      : [
          akid,
          skid,
          altNames,
          certificatePolicies([
            ...(spec.policy === 'EV' ? [{ id: '2.16.840.1.114412.2.1' }] : []),
            { id: POLICY_OIDS[spec.policy], cps: 'http://www.testcert.example/CPS' },
          ]),
          keyUse,
          extendedKeyUsage(SERVER_AUTH, CLIENT_AUTH),
          crlDistributionPoints(
            `http://crl3.commercial.example/${issuer.label}.crl`,
            `http://crl4.commercial.example/${issuer.label}.crl`,
          ),
          authorityInfoAccess(
            'http://ocsp.commercial.example',
            `http://cacerts.commercial.example/${issuer.label}.crt`,
          ),
          ...ct,
          notCa(),
        ]
  return sequence(
    VERSION_3,
    unsignedInteger(MARKERS.serial),
    ECDSA_SHA256,
    issuer.name,
    validity(MARKERS.notBefore.toString('latin1'), MARKERS.notAfter.toString('latin1')),
    distinguishedName(subject),
    spec.spki,
    extensions(list),
  )
}

/** Ids of logs that do not exist. */
export const SCT_LOGS: readonly Buffer[] = [Buffer.alloc(32, 0x5c), Buffer.alloc(32, 0xc7)]

const sctTemplate = (logId: Buffer): Buffer => unsignedSct(logId, MARKERS.sctTimestamp, MARKERS.sctSignature)

/**
 * SCT (RFC 6962 section 3.2) with a well-formed but meaningless signature.
 *
 * @param timestamp - 8 bytes.
 * @param half - 32 bytes, both numbers of the ECDSA signature.
 */
export function unsignedSct(logId: Buffer, timestamp: Buffer, half: Buffer): Buffer {
  const signature = sequence(unsignedInteger(half), unsignedInteger(half))
  return Buffer.concat([
    Buffer.of(0), // Version sct_version = v1(0)
    logId, // LogID id
    timestamp, // uint64 timestamp
    Buffer.of(0, 0), // CtExtensions extensions<0..2^16-1>
    Buffer.of(4, 3, 0, signature.length), // digitally-signed: sha256, ecdsa, opaque<0..2^16-1>
    signature,
  ])
}

function patchable(bytes: Buffer): PatchableBytes {
  const slots = Object.fromEntries(
    Object.entries(MARKERS).map(([slot, marker]) => [slot, offsetsOf(bytes, marker)]),
  ) as Record<Slot, number[]>
  return { bytes, slots }
}

function offsetsOf(bytes: Buffer, marker: Buffer): number[] {
  const offsets: number[] = []
  for (let at = bytes.indexOf(marker); at >= 0; at = bytes.indexOf(marker, at + marker.length)) offsets.push(at)
  return offsets
}
