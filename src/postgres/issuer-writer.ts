import { rawOf } from '../decode/index.js'
import { CtStreamError } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Clock } from '../types/clock.js'
import { sha256Hex } from '../util/hash.js'
import { MAX_ISSUER_BYTES } from '../wire/chain-bounds.js'
import type { Session } from './connection.js'
import { type NamedIssuer, putIssuers } from './issuers.js'

/** Issuers that are remembered as written, so that they are not written again with each entry. */
const REMEMBERED = 50_000
/** Others may delete them, and they count as used only when they are written. Milliseconds. */
const REMEMBERED_MS = 3_600_000

/** Writes the issuers that RFC 6962 logs send with each entry; an entry of the queue has only their fingerprints. */
export class IssuerWriter {
  private readonly clock: Clock
  /** Fingerprints, by log id. */
  private readonly written = new Map<string, Set<string>>()
  private count = 0
  private since: number

  constructor(clock: Clock) {
    this.clock = clock
    this.since = clock.now()
  }

  async write(session: Session, certificates: readonly CtCertificate[]): Promise<void> {
    const isOld = Math.abs(this.clock.now() - this.since) >= REMEMBERED_MS
    if (isOld || this.count > REMEMBERED) this.forget()
    const found = new Map<string, NamedIssuer>()
    for (const certificate of certificates) {
      const source = certificate.log.id
      for (const der of issuersOf(certificate)) {
        // Its entries have no chain: nobody signs with what is that large.
        if (der.length > MAX_ISSUER_BYTES) continue
        const fingerprint = sha256Hex(der)
        if (!this.written.get(source)?.has(fingerprint))
          found.set(`${source} ${fingerprint}`, { fingerprint, der, source })
      }
    }
    if (found.size === 0) return
    const deleted = new Set(await putIssuers(session, [...found.values()]))
    for (const { fingerprint, source } of found.values()) this.remember(source, fingerprint)
    for (const known of this.written.values())
      for (const fingerprint of deleted) if (known.delete(fingerprint)) this.count--
  }

  /** The database may have lost what was written: each is written again when an entry names it. */
  forget(): void {
    this.written.clear()
    this.count = 0
    this.since = this.clock.now()
  }

  private remember(source: string, fingerprint: string): void {
    const known = this.written.get(source) ?? new Set()
    this.written.set(source, known.add(fingerprint))
    this.count++
  }
}

function issuersOf(certificate: CtCertificate): readonly Uint8Array[] {
  try {
    const chain = rawOf(certificate)?.extra.chain()
    return chain?.kind === 'certificates' ? chain.certificates : []
  } catch (error) {
    // No proof covers what the log sends beside the leaf: it may be anything.
    if (!CtStreamError.is(error)) throw error
    return []
  }
}
