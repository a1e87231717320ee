import type { CtCertificate } from '../types/certificate.js'
import type { LogSpec } from '../types/log.js'
import type { ListedLog } from '../types/log-list.js'
import type { DecodeOptions, LogProbe, LookupOptions, ProvenCertificate } from '../types/lookup.js'

// Each is loaded when it is called: importing the package is to cost next to nothing.

/**
 * Fetches one entry of a log and proves it: the signature of the newest head, then the inclusion of the entry under its root. What fails
 * in a passing way is tried three times, on new connections and past caches.
 *
 * @param log - Named by hand, or out of a list.
 * @param index - Zero-based position in the log, 0 to 2^53 - 1.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for a wrong log, index or option; `CT_INCLUSION` when it is not proven, or there is
 * no such entry; `CT_HEAD_SIGNATURE`; `CT_HTTP_…` and `CT_RESPONSE_…` for what a request failed with.
 * @example
 * const { certificate, head } = await getEntry({ kind: 'rfc6962', url, key }, 123_456)
 */
export async function getEntry(
  log: LogSpec | ListedLog,
  index: number,
  options?: LookupOptions,
): Promise<ProvenCertificate> {
  const { lookUpEntry } = await import('./get-entry.js')
  return lookUpEntry(log, index, options)
}

/**
 * Asks a log for its newest head, and looks at its signature and its age.
 *
 * @param log - Named by hand, or out of a list.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for a wrong log or option; `CT_HEAD_SIGNATURE`; `CT_HTTP_…` and `CT_RESPONSE_…` for
 * what the request failed with, after three attempts.
 */
export async function probeLog(log: LogSpec | ListedLog, options?: LookupOptions): Promise<LogProbe> {
  const { lookUpHead } = await import('./probe-log.js')
  return lookUpHead(log, options)
}

/**
 * Decodes a certificate or precertificate that comes by itself, without a log: every field as in the stream, except for those that only
 * a log can give. `timestamp` and `issuerKeyHash` are `undefined`, `leafHash` is empty, `index` 0, `cursor` and the texts of `log` `''`.
 *
 * Never rejects for what DER holds: bytes that are no certificate are `kind: 'unparsable'`, with `problems`.
 *
 * @param certificate - DER, or PEM as text or bytes: its first certificate. At most 2^24 - 1 bytes of DER.
 * @throws {@link CtStreamError} `CT_DER_MALFORMED` for PEM without a certificate or with wrong base64; `CT_OPTION_INVALID` for anything
 * else that is neither bytes nor text, too long, or a wrong option.
 */
export async function decodeCertificate(
  certificate: Uint8Array | string,
  options?: DecodeOptions,
): Promise<CtCertificate> {
  const { decodeGiven } = await import('./decode-certificate.js')
  return decodeGiven(certificate, options)
}
