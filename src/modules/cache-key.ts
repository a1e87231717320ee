import type { CtCertificate } from '../types/certificate.js'
import { identityOf } from '../util/identity.js'
import { optionError } from '../util/options.js'

/** What identifies a certificate: its bytes, or its issuance, which a precertificate and its certificate share. */
export type CacheBy = 'certificate' | 'issuance'

/** A certificate, or a key of it: 32 bytes, or 64 hex digits. */
export type CacheKey = CtCertificate | Uint8Array | string

/**
 * The 32 bytes that identify a certificate in a cache.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for an invalid key.
 */
export function cacheKey(key: CacheKey, by: CacheBy): Uint8Array {
  if (key instanceof Uint8Array && key.length === 32) return key
  if (typeof key === 'string' && /^[0-9a-f]{64}$/i.test(key)) return Buffer.from(key, 'hex')
  if (typeof key !== 'object' || key === null || key instanceof Uint8Array)
    throw optionError('key', 'a certificate, 32 bytes, or 64 hex digits', key)
  const hex = by === 'issuance' ? key.issuanceId : key.sha256
  // Without one, as of an unparsable entry, it is what else identifies the entry.
  return Buffer.from(hex ?? identityOf(key), 'hex')
}
