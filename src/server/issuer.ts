import { certStreamIssuer } from '../decode/index.js'
import { LruCache } from '../logs/lru.js'
import { toBase64 } from '../util/bytes.js'
import { sha256Hex } from '../util/hash.js'

/** Most issuers remembered: a few hundred sign nearly everything that is logged. */
const MAX_ISSUERS = 256
/** Longest certificate remembered, so that hostile logs cannot fill the memory. Real ones have 1 or 2 KiB. */
const MAX_BYTES = 16 * 1024

/** An issuer's certificate and its JSON, which is made once, when first needed, for all entries that share it. */
export class Issuer {
  readonly der: Uint8Array
  private text: string | undefined

  constructor(der: Uint8Array) {
    this.der = der
  }

  /** Its JSON in the chain of a CertStream message. */
  get certStream(): string {
    this.text ??= JSON.stringify(certStreamIssuer(this.der))
    return this.text
  }

  get base64(): string {
    return toBase64(this.der)
  }
}

/** Returns one {@link Issuer} for equal certificates; those not used for long are forgotten. */
export class IssuerPool {
  private readonly known = new LruCache<Issuer>(MAX_ISSUERS)

  of(der: Uint8Array): Issuer {
    if (der.length > MAX_BYTES) return new Issuer(der)
    const key = sha256Hex(der)
    const known = this.known.get(key)
    if (known !== undefined) return known
    // A copy, because the certificate may be a view that would keep a whole answer in memory.
    const issuer = new Issuer(new Uint8Array(der))
    this.known.set(key, issuer)
    return issuer
  }
}
