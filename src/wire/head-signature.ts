import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { CtStreamError } from '../errors.js'
import type { SignedHead } from '../types/log.js'
import { bufferOf, copyBytes, equalBytes, fromBase64, toBase64 } from '../util/bytes.js'
import { sha256 } from '../util/hash.js'
import { parseDigitallySigned } from './digitally-signed.js'
import { treeHeadSignatureInput } from './sth.js'

const SHA256 = 4
const SIGNATURE_ALGORITHM = { rsa: 1, ecdsa: 3 } as const

/**
 * A log's public key and id.
 *
 * RFC 6962 section 2.1.4 allows two kinds: ECDSA over NIST P-256, and RSA of at least 2048 bits (PKCS#1 v1.5).
 */
export class LogKey {
  /** Base64 of {@link logId}: the log's id everywhere in this library. */
  readonly id: string
  /** SHA-256 of the SubjectPublicKeyInfo, 32 bytes (RFC 6962 section 3.2). */
  readonly logId: Uint8Array
  readonly algorithm: 'ecdsa' | 'rsa'
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array
  private readonly key: KeyObject

  /**
   * @param spki - SubjectPublicKeyInfo, as DER or its base64.
   * @throws {@link CtStreamError} `CT_OPTION_INVALID` when it is not a key, or of a kind that logs may not have.
   */
  constructor(spki: string | Uint8Array) {
    const der = typeof spki === 'string' ? fromBase64(spki) : copyBytes(spki)
    if (der === undefined) throw invalidKey('it is not base64')
    this.spki = der
    this.key = importKey(der)
    this.algorithm = algorithmOf(this.key)
    this.logId = sha256(der)
    this.id = toBase64(this.logId)
  }

  /**
   * The reason why a `DigitallySigned` is not this key's signature of `data`; `undefined` when it is.
   * @param digitallySigned - Hash and signature algorithm bytes, u16 length, signature; no trailing bytes.
   */
  problemWith(digitallySigned: Uint8Array, data: Uint8Array): string | undefined {
    try {
      const signed = parseDigitallySigned(digitallySigned, 'CT_HEAD_SIGNATURE')
      if (signed.hashAlgorithm !== SHA256) return `hash algorithm ${signed.hashAlgorithm} is not SHA-256`
      if (signed.signatureAlgorithm !== SIGNATURE_ALGORITHM[this.algorithm])
        return `signature algorithm ${signed.signatureAlgorithm} is not that of an ${this.algorithm} key`
      return verify('sha256', data, this.key, signed.signature)
        ? undefined
        : 'it does not verify with the key of the log'
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
}

/**
 * Checks the signature of a tree head (RFC 6962 section 3.5).
 * @throws {@link CtStreamError} `CT_HEAD_SIGNATURE`, retryable: a gateway may have served another log's head.
 */
export function verifyHead(head: SignedHead, key: LogKey): void {
  const problem = key.problemWith(head.signature, treeHeadSignatureInput(head))
  if (problem !== undefined)
    throw new CtStreamError('CT_HEAD_SIGNATURE', `signature of the head of ${head.treeSize} entries: ${problem}`, {
      retryable: true,
      logId: key.id,
    })
}

function importKey(der: Uint8Array): KeyObject {
  let key: KeyObject
  try {
    key = createPublicKey({ key: bufferOf(der), format: 'der', type: 'spki' })
  } catch (cause) {
    throw invalidKey('it is not a SubjectPublicKeyInfo', cause)
  }
  // The log id is a hash of these bytes: bytes that OpenSSL ignores, such as trailing ones, would change the id.
  if (!equalBytes(key.export({ format: 'der', type: 'spki' }), der)) throw invalidKey('it is not DER to its last byte')
  return key
}

function algorithmOf({ asymmetricKeyType: type, asymmetricKeyDetails: details = {} }: KeyObject): 'ecdsa' | 'rsa' {
  if (type === 'ec' && details.namedCurve === 'prime256v1') return 'ecdsa'
  if (type === 'rsa' && (details.modulusLength ?? 0) >= 2048) return 'rsa'
  const size = details.namedCurve ?? (details.modulusLength === undefined ? '' : `${details.modulusLength} bits`)
  throw invalidKey(`a log's key is ECDSA P-256 or RSA of at least 2048 bits, not ${type} ${size}`.trimEnd())
}

function invalidKey(reason: string, cause?: unknown): CtStreamError {
  return new CtStreamError('CT_OPTION_INVALID', `key of a log: ${reason}`, { cause })
}
