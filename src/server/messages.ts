import type { CtCertificate } from '../types/certificate.js'
import type { Finding } from '../types/finding.js'
import { toBase64 } from '../util/bytes.js'
import type { Issuer } from './issuer.js'

/** What is sent of an entry: the three of CertStream servers, and ours. */
export type MessageFormat =
  | 'certstream-full'
  | 'certstream-lite'
  | 'certstream-domains'
  | 'full'
  | 'lite'
  | 'domains'
  | 'certstream'

type Issuers = readonly Issuer[]

/** The entry as JSON; `undefined` where the format has nothing to say of it. */
type Writer = (certificate: CtCertificate, id: string, issuers: Issuers) => string | undefined

const writers: Record<MessageFormat, Writer> = {
  // `cursor` is a key that clients of old do not know, and skip.
  'certstream-full': (certificate, cursor, issuers) =>
    joined(fullUpdate(certificate, issuers), JSON.stringify({ cursor })),
  'certstream-lite': (certificate, cursor) => JSON.stringify({ ...certificate.toCertStream('lite'), cursor }),
  'certstream-domains': (certificate, cursor) =>
    // One message in a hundred would be an empty list: certificates for addresses, and what cannot be parsed.
    certificate.dnsNames.length === 0 ? undefined : JSON.stringify({ ...certificate.toCertStream('domains'), cursor }),
  full: (certificate, id, issuers) =>
    JSON.stringify({
      id,
      ...certificate.toJSON(),
      der: derOf(certificate),
      chain: issuers.map(({ base64 }) => base64),
    }),
  lite: (certificate, id) => JSON.stringify({ id, ...certificate.toJSON() }),
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

/** `JSON.stringify(certificate.toCertStream('full'))`, without writing the same few issuers again for each of their certificates. */
function fullUpdate(certificate: CtCertificate, issuers: Issuers): string {
  const { data, ...head } = certificate.toCertStream('lite')
  const { update_type, leaf_cert, ...tail } = data
  const begin = JSON.stringify({ update_type, leaf_cert: { ...leaf_cert, as_der: derOf(certificate) } })
  const chain = `{"chain":[${issuers.map(({ certStream }) => certStream).join(',')}]}`
  return joined(JSON.stringify(head), `{"data":${joined(begin, chain, JSON.stringify(tail))}}`)
}

/** JSON objects, none of them empty, as one. */
function joined(...objects: readonly string[]): string {
  return `{${objects.map((text) => text.slice(1, -1)).join(',')}}`
}

function derOf({ der }: CtCertificate): string | null {
  return der === undefined ? null : toBase64(der)
}

/** What a module said of a certificate. Its own id tells it from others of the same module; `id` is that of the message. */
export function findingMessage(finding: Finding, id: string): Buffer {
  return Buffer.from(JSON.stringify({ message_type: 'finding', kind: 'finding', id, cursor: id, finding }))
}

/**
 * What a client did not get and cannot get any more. Known by `kind` to those who read our messages, by `message_type` to those who read
 * CertStream's.
 *
 * @param after - The id of the last message before; as the client gave it where it is of another file.
 * @param id - Of the last message that is missing: what follows can be asked for by it.
 * @param missed - Entries, those a filter would have dropped included; `undefined`: nobody knows.
 */
export function gapMessage(after: string, id: string, missed: number | undefined): Buffer {
  return Buffer.from(
    JSON.stringify({ message_type: 'gap', kind: 'gap', after, id, cursor: id, missed: missed ?? null }),
  )
}

/** @param now - Epoch milliseconds. @param cursor - Of everything before it, sent or dropped by the filter. */
export function heartbeatMessage(now: number, cursor: string): Buffer {
  return Buffer.from(JSON.stringify({ message_type: 'heartbeat', kind: 'heartbeat', timestamp: now / 1000, cursor }))
}
