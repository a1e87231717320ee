import { toHex } from '../util/bytes.js'
import type { FindIssuer } from './issuers.js'
import type { StoreCaches } from './store-caches.js'

/** Most issuers of one log to store in one run. */
const MAX_KEPT = 2_000
const MAX_KEPT_BYTES = 16 * 1024 * 1024

/**
 * Takes issuers from the store, or from their log, and then stores them: up to 2,000 and 16 MiB for each log. Real logs named a few hundred
 * in years. For a log that names more, the rest is fetched but not stored, so that it cannot fill the disk.
 */
export class StoredIssuers {
  private readonly store: Pick<StoreCaches, 'issuer' | 'putIssuer'>
  private readonly fetchIssuer: FindIssuer
  private readonly kept = new Map<string, { readonly count: number; readonly bytes: number }>()

  constructor(store: Pick<StoreCaches, 'issuer' | 'putIssuer'>, fetchIssuer: FindIssuer) {
    this.store = store
    this.fetchIssuer = fetchIssuer
  }

  /** The issuer with this SHA-256. */
  readonly find: FindIssuer = async (logId, fingerprint) => {
    const name = toHex(fingerprint)
    const kept = await this.store.issuer(name)
    if (kept !== undefined) return kept
    const der = await this.fetchIssuer(logId, fingerprint)
    if (this.mayKeep(logId, der.length)) await this.store.putIssuer(name, der)
    return der
  }

  private mayKeep(logId: string, byteLength: number): boolean {
    const kept = this.kept.get(logId) ?? { count: 0, bytes: 0 }
    if (kept.count >= MAX_KEPT || kept.bytes + byteLength > MAX_KEPT_BYTES) return false
    this.kept.set(logId, { count: kept.count + 1, bytes: kept.bytes + byteLength })
    return true
  }
}
