import { jsonText } from '../decode/index.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Finding } from '../types/finding.js'
import { toBase64 } from '../util/bytes.js'
import type { Issuer } from './issuer.js'

/** Formats of an entry: the three of CertStream servers, and ours. */
export type MessageFormat =
  | 'certstream-full'
  | 'certstream-lite'
  | 'certstream-domains'
  | 'full'
  | 'lite'
  | 'domains'
  | 'certstream'

type Issuers = readonly Issuer[]

/** The entry as JSON; `undefined` where the format has no message for it. */
type Writer = (certificate: CtCertificate, id: string, issuers: Issuers) => string | undefined

const writers: Record<MessageFormat, Writer> = {
  // Clients of CertStream servers ignore `cursor`, which they do not know.
  'certstream-full': (certificate, cursor, issuers) =>
    joined(fullUpdate(certificate, issuers), JSON.stringify({ cursor })),
  'certstream-lite': (certificate, cursor) => JSON.stringify({ ...certificate.toCertStream('lite'), cursor }),
  'certstream-domains': (certificate, cursor) =>
    // Otherwise one message in a hundred would be an empty list: certificates for addresses, and unparsable entries.
    certificate.dnsNames.length === 0 ? undefined : JSON.stringify({ ...certificate.toCertStream('domains'), cursor }),
  full: (certificate, id, issuers) =>
    joined(
      JSON.stringify({ id }),
      jsonText(certificate),
      JSON.stringify({ der: derOf(certificate), chain: issuers.map(({ base64 }) => base64) }),
    ),
  lite: (certificate, id) => joined(JSON.stringify({ id }), jsonText(certificate)),
  domains: (certificate, id) => {
    const { kind, log, index, dnsNames } = certificate
    return JSON.stringify({ id, kind, log: log.id, index, dnsNames })
  },
  certstream: (certificate, id, issuers) => joined(JSON.stringify({ id }), fullUpdate(certificate, issuers)),
}

/** @param issuers - Of its chain, nearest first. @returns UTF-8 JSON on one line. */
export function messageOf(
  format: MessageFormat,
  certificate: CtCertificate,
  id: string,
  issuers: Issuers,
): Buffer | undefined {
  const text = writers[format](certificate, id, issuers)
  return text === undefined ? undefined : Buffer.from(text)
}

/** Equals `JSON.stringify(certificate.toCertStream('full'))`, but reuses the JSON of issuers, which are few. */
function fullUpdate(certificate: CtCertificate, issuers: Issuers): string {
  const { data, ...head } = certificate.toCertStream('lite')
  const { update_type, leaf_cert, ...tail } = data
  const begin = JSON.stringify({ update_type, leaf_cert: { ...leaf_cert, as_der: derOf(certificate) } })
  const chain = `{"chain":[${issuers.map(({ certStream }) => certStream).join(',')}]}`
  return joined(JSON.stringify(head), `{"data":${joined(begin, chain, JSON.stringify(tail))}}`)
}

/** Merges JSON objects, none of them empty, into one. */
function joined(...objects: readonly string[]): string {
  return `{${objects.map((text) => text.slice(1, -1)).join(',')}}`
}

function derOf({ der }: CtCertificate): string | null {
  return der === undefined ? null : toBase64(der)
}

/** A module's finding about a certificate. `id` is that of the message; the finding has an id of its own. */
export function findingMessage(finding: Finding, id: string): Buffer {
  return Buffer.from(JSON.stringify({ message_type: 'finding', kind: 'finding', id, cursor: id, finding }))
}

/**
 * Tells a client which messages it missed and cannot get any more. It has `kind` for readers of our messages, and `message_type` for
 * readers of CertStream's.
 *
 * @param after - Id of the last message before the gap; as the client gave it when it is of another file.
 * @param id - Id of the last missing message, from which the client can resume.
 * @param missed - Number of missing entries, including those a filter would drop; `undefined` when unknown.
 */
export function gapMessage(after: string, id: string, missed: number | undefined): Buffer {
  return Buffer.from(
    JSON.stringify({ message_type: 'gap', kind: 'gap', after, id, cursor: id, missed: missed ?? null }),
  )
}

/** @param now - Epoch milliseconds. @param cursor - Id of the last entry before it, whether sent or dropped by the filter. */
export function heartbeatMessage(now: number, cursor: string): Buffer {
  return Buffer.from(JSON.stringify({ message_type: 'heartbeat', kind: 'heartbeat', timestamp: now / 1000, cursor }))
}
