import { copyBytes } from '../util/bytes.js'

/**
 * What a store keeps of issuers: all that public logs accept are a few thousand of 1 to 3 kB, and hostile logs can name any
 * number of them, for months. Those that were not asked for the longest go first; they are fetched again when they are needed.
 */
export const KEPT_ISSUERS = Object.freeze({ count: 8_192, bytes: 32 * 1024 * 1024 })

/** Issuers in memory, within {@link KEPT_ISSUERS}. Shares no memory with what it is given or returns. */
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
