import type { CtCertificate } from '../types/certificate.js'
import type { Finding } from '../types/finding.js'
import { toBase64 } from '../util/bytes.js'

/** What is sent of an entry: the three of CertStream servers, and ours. */
export type MessageFormat =
  | 'certstream-full'
  | 'certstream-lite'
  | 'certstream-domains'
  | 'full'
  | 'lite'
  | 'domains'
  | 'certstream'

/** The entry as a record for JSON; `undefined` where the format has nothing to say of it. */
type Writer = (certificate: CtCertificate, id: string) => object | undefined

const writers: Record<MessageFormat, Writer> = {
  // `cursor` is a key that clients of old do not know, and skip.
  'certstream-full': (certificate, cursor) => ({ ...certificate.toCertStream('full'), cursor }),
  'certstream-lite': (certificate, cursor) => ({ ...certificate.toCertStream('lite'), cursor }),
  'certstream-domains': (certificate, cursor) =>
    // One message in a hundred would be an empty list: certificates for addresses, and what cannot be parsed.
    certificate.dnsNames.length === 0 ? undefined : { ...certificate.toCertStream('domains'), cursor },
  full: (certificate, id) => ({
    id,
    ...certificate.toJSON(),
    der: certificate.der === undefined ? null : toBase64(certificate.der),
    chain: certificate.toCertStream('full').data.chain?.map(({ as_der }) => as_der ?? null) ?? [],
  }),
  lite: (certificate, id) => ({ id, ...certificate.toJSON() }),
  domains: (certificate, id) => {
    const { kind, log, index, dnsNames } = certificate
    return { id, kind, log: log.id, index, dnsNames }
  },
  certstream: (certificate, id) => ({ id, ...certificate.toCertStream('full') }),
}

/** UTF-8 JSON on one line. */
export function messageOf(format: MessageFormat, certificate: CtCertificate, id: string): Buffer | undefined {
  const record = writers[format](certificate, id)
  return record === undefined ? undefined : Buffer.from(JSON.stringify(record))
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
