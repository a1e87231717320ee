import { createPublicKey, verify } from 'node:crypto'
import { CtStreamError } from '../errors.js'
import { CHROME_LIST_KEY } from './chrome-key.js'

/** An RSA-4096 signature. */
const SIGNATURE_BYTES = 512

/**
 * Checks the detached signature Google puts beside its log lists: RSA PKCS#1 v1.5 with SHA-256 over the exact bytes of
 * the JSON file.
 *
 * @param body - The file as received, not re-encoded.
 * @param signature - Contents of the `.sig` file, 512 bytes.
 * @param url - Of the list, for the message.
 * @throws {@link CtStreamError} `CT_LIST_SIGNATURE`, retryable: list and signature are two objects that change daily, and
 * a reader can meet one of them already changed.
 */
export function verifyListSignature(body: Uint8Array, signature: Uint8Array, url: string): void {
  if (signature.length !== SIGNATURE_BYTES)
    throw signatureError(`is ${signature.length} bytes, not ${SIGNATURE_BYTES}`, url)
  const key = createPublicKey({ key: Buffer.from(CHROME_LIST_KEY, 'base64'), format: 'der', type: 'spki' })
  if (!verify('sha256', body, key, signature)) throw signatureError("does not verify with Google's list key", url)
}

/** Where the signature of a list lies: beside every list Google serves; `undefined` where nobody signs. */
export function signatureUrl(url: string): string | undefined {
  return url.startsWith('https://www.gstatic.com/ct/log_list/') && url.endsWith('.json')
    ? `${url.slice(0, -'.json'.length)}.sig`
    : undefined
}

function signatureError(reason: string, url: string): CtStreamError {
  return new CtStreamError('CT_LIST_SIGNATURE', `log list ${JSON.stringify(url)}: its signature ${reason}`, {
    retryable: true,
    url,
  })
}
