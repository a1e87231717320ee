import { copyBytes } from '../util/bytes.js'

/**
 * Bounds of the issuers in a store. Public logs accept a few thousand, of 1 to 3 kB each, but a hostile log can name any number for months.
 * The least recently used ones are dropped, and fetched again when needed.
 */
export const KEPT_ISSUERS = Object.freeze({ count: 8_192, bytes: 32 * 1024 * 1024 })

/** Issuers in memory, within {@link KEPT_ISSUERS}. Shares no memory with arguments and results. */
export class KeptIssuers {
  /** A Map keeps insertion order: its first key is the one not used for the longest. */
  private readonly issuers = new Map<string, Uint8Array>()
  private bytes = 0

  get(fingerprint: string): Uint8Array | undefined {
    const der = this.issuers.get(fingerprint)
    if (der === undefined) return undefined
    this.issuers.delete(fingerprint)
    this.issuers.set(fingerprint, der)
    return copyBytes(der)
  }

  put(fingerprint: string, der: Uint8Array): void {
    if (der.length > KEPT_ISSUERS.bytes) return
    this.delete(fingerprint)
    this.issuers.set(fingerprint, copyBytes(der))
    this.bytes += der.length
    for (const oldest of this.issuers.keys()) {
      if (this.issuers.size <= KEPT_ISSUERS.count && this.bytes <= KEPT_ISSUERS.bytes) break
      this.delete(oldest)
    }
  }

  private delete(fingerprint: string): void {
    this.bytes -= this.issuers.get(fingerprint)?.length ?? 0
    this.issuers.delete(fingerprint)
  }
}
