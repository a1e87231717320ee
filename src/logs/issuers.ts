import { malformed } from '../pages/refused-answer.js'
import { equalBytes, toHex } from '../util/bytes.js'
import { sha256 } from '../util/hash.js'
import { MAX_ISSUER_BYTES } from '../wire/chain-bounds.js'
import { issuerPath } from '../wire/tile-path.js'
import type { RequestOptions } from './client.js'
import type { LogHttp } from './log-http.js'

/**
 * The certificate with this SHA-256, from `issuer/<fingerprint>` of a static-ct log.
 * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED` when what comes has another hash; `CT_RESPONSE_TOO_LARGE`
 * above 64 KiB.
 */
export async function fetchIssuer(
  http: LogHttp,
  fingerprint: Uint8Array,
  options: RequestOptions,
): Promise<Uint8Array> {
  const path = issuerPath(fingerprint)
  const { body } = await http.get(path, options, MAX_ISSUER_BYTES)
  return http.parse(path, body, () => {
    const actual = sha256(body)
    if (equalBytes(actual, fingerprint)) return body
    throw malformed('the issuer has another SHA-256', { expected: toHex(fingerprint), actual: toHex(actual) })
  })
}
