import type { CtCertificate } from '../types/certificate.js'
import type { Name } from '../types/name.js'
import { toBase64, toHex } from '../util/bytes.js'
import { booleanOption } from '../util/options.js'
import { reversedName } from '../util/reversed-name.js'

/** What documents contain; all optional. */
export interface DocumentOptions {
  /** Whether documents have the certificate itself (`ct.der`). Default `false`: it doubles their size. */
  readonly der?: boolean
  /**
   * Whether documents have the codes of all problems of their certificates (`ct.problems`); unparsable entries have them always. Default `false`: it
   * takes decoding every field, which doubles the work for a document.
   */
  readonly problems?: boolean
}

/** The options of documents, checked and with their defaults. */
export const documentOptions = ({ der, problems }: DocumentOptions): Required<DocumentOptions> => ({
  der: booleanOption('sink.der', der, false),
  problems: booleanOption('sink.problems', problems, false),
})

/** Of a log's time: the month in which Certificate Transparency began. */
const EARLIEST = Date.UTC(2013, 2)
const DAY_MS = 86_400_000

/** The key of an entry's document: the same whenever it is written, so that a repeat has no effect. */
export const documentId = ({ log, index }: CtCertificate): string => `${log.id}:${index}`

/**
 * The log's time of an entry, or `undefined` where it cannot be: before Certificate Transparency began, or more than a day ahead. What a log
 * signs decides nothing but this.
 *
 * @param now - Epoch milliseconds.
 */
export function plausibleTime({ timestamp }: CtCertificate, now: number): Date | undefined {
  const ms = timestamp?.getTime() ?? 0
  return ms >= EARLIEST && ms <= now + DAY_MS ? timestamp : undefined
}

/**
 * An entry as a document, in the names of the Elastic Common Schema where it has some: `@timestamp`, `event.*`, `x509.*`,
 * `tls.server.hash.*`; what is of Certificate Transparency alone is in `ct.*`. What an entry does not have is `undefined`,
 * which clients leave out.
 *
 * @param now - Epoch milliseconds: `event.created`, and `@timestamp` where the log's own time is impossible.
 */
export function entryDocument(
  certificate: CtCertificate,
  now: number,
  { der = false, problems = false }: DocumentOptions,
) {
  const { log, index, sha256, sha1, dnsNames } = certificate
  const isUnparsable = certificate.kind === 'unparsable'
  return {
    '@timestamp': plausibleTime(certificate, now) ?? new Date(now),
    event: {
      kind: 'event',
      type: ['creation'],
      action: 'certificate-logged',
      dataset: 'ct.entries',
      id: documentId(certificate),
      created: new Date(now),
    },
    x509: isUnparsable ? undefined : x509Fields(certificate),
    // Upper case, as the schema has it.
    ...(sha256 !== undefined && {
      tls: { server: { hash: { sha256: sha256.toUpperCase(), sha1: sha1?.toUpperCase() } } },
    }),
    ct: {
      log: { id: log.id, description: log.description, operator: log.operator },
      index,
      kind: certificate.kind,
      leaf_hash: toHex(certificate.leafHash),
      issuance_id: certificate.issuanceId,
      verified: certificate.verified,
      historical: certificate.historical,
      names: dnsNames,
      names_reversed: dnsNames.map(reversedName),
      is_ca: certificate.isCa,
      validation: certificate.validation,
      key_usage: certificate.keyUsage,
      extended_key_usage: certificate.extendedKeyUsage?.map(({ name, oid }) => name ?? oid),
      problems: problems || isUnparsable ? codesOf(certificate) : undefined,
      der: der && certificate.der !== undefined ? toBase64(certificate.der) : undefined,
      leaf_input: isUnparsable ? toBase64(certificate.leafInput) : undefined,
    },
  }
}

/**
 * What is kept of an entry whose document an engine refused: enough to read it from its log again.
 *
 * @param why - Of the engine; nothing in it stands raw.
 */
export function parkedDocument(certificate: CtCertificate, now: number, why: string) {
  const { log, index, leafHash, kind } = certificate
  return {
    '@timestamp': new Date(now),
    ct: {
      log: { id: log.id, description: log.description, operator: log.operator, url: log.url },
      index,
      kind,
      leaf_hash: toHex(leafHash),
    },
    error: { message: why },
  }
}

function x509Fields(certificate: CtCertificate) {
  const { publicKey, signatureAlgorithm, dnsNames, ipAddresses, emailAddresses, uris } = certificate
  return {
    serial_number: certificate.serialNumber?.toUpperCase(),
    subject: nameFields(certificate.subject),
    issuer: nameFields(certificate.issuer),
    not_before: certificate.notBefore,
    not_after: certificate.notAfter,
    alternative_names: [...dnsNames, ...ipAddresses, ...emailAddresses, ...uris],
    public_key_algorithm: publicKey?.algorithm,
    public_key_size: publicKey?.bits,
    public_key_curve: publicKey?.curve,
    public_key_exponent: publicKey?.exponent,
    signature_algorithm: signatureAlgorithm?.name ?? signatureAlgorithm?.oid,
  }
}

function nameFields(name: Name) {
  return {
    distinguished_name: name.toString(),
    common_name: name.commonName,
    organization: name.organization,
    organizational_unit: name.organizationalUnit,
    country: name.country,
    state_or_province: name.stateOrProvince,
    locality: name.locality,
  }
}

const codesOf = ({ problems }: CtCertificate) => [...new Set(problems.map(({ code }) => code))]
