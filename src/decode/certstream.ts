import type { CtCertificate } from '../types/certificate.js'
import type { CertStreamUpdate } from '../types/certstream.js'
import { sha1Hex, sha256Hex } from '../util/hash.js'
import { type CertStreamCertificateWithDer, certStreamCertificate } from './certstream-certificate.js'
import type { EntryFields } from './entry-fields.js'
import { knownIssuer } from './known-issuers.js'

/**
 * CertStream's `certificate_update` message.
 *
 * The keys are those of certstream-server-go, with values where it leaves them empty, `null` for absent ones, and the keys that clients of
 * other servers read (`emailAddress`, `submission_timestamp`).
 *
 * @param fields - Fields of the certificate; `undefined` for an unparsable entry.
 * @param chain - Issuers, for a full message; `undefined` for a lite one.
 * @param seenAt - Epoch milliseconds; default: the entry's own timestamp.
 */
export function certStreamUpdate(
  certificate: Pick<CtCertificate, 'kind' | 'log' | 'index' | 'der' | 'sha1' | 'sha256' | 'timestamp'>,
  fields: EntryFields | undefined,
  chain: readonly Uint8Array[] | undefined,
  seenAt: number | undefined,
): CertStreamUpdate {
  const { kind, log, index, timestamp } = certificate
  const isPrecertificate = kind === 'precertificate'
  const submitted = timestamp === undefined ? null : timestamp.getTime() / 1000
  const { as_der, ...leaf } = certStreamCertificate(fields, certificate, isPrecertificate)
  return {
    message_type: 'certificate_update',
    data: {
      update_type: isPrecertificate ? 'PrecertLogEntry' : 'X509LogEntry',
      leaf_cert: chain === undefined ? leaf : { ...leaf, as_der },
      ...(chain === undefined ? {} : { chain: chain.map(certStreamIssuer) }),
      cert_index: index,
      cert_link: log.kind === 'rfc6962' ? `${log.url}ct/v1/get-entries?start=${index}&end=${index}` : '',
      seen: seenAt === undefined ? (submitted ?? 0) : seenAt / 1000,
      submission_timestamp: submitted,
      source: {
        url: log.url,
        name: log.description,
        timestamp: submitted,
        type: log.kind === 'rfc6962' ? 'rfc6962' : 'tiled',
      },
    },
  }
}

/** A certificate of a chain, as full messages have it. */
export function certStreamIssuer(der: Uint8Array): CertStreamCertificateWithDer {
  const { fields } = knownIssuer(der)
  return certStreamCertificate(fields, { der, sha1: sha1Hex(der), sha256: sha256Hex(der) }, false)
}
