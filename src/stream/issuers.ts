import type { Clock } from '../types/clock.js'
import { toHex } from '../util/bytes.js'
import { elapsedOf } from '../util/clock.js'

/** How long a failure is remembered, milliseconds: the next entries have the same issuer, and would request it at once. */
const FAILURE_MS = 60_000
/** Most failures to remember: a log can name any number of issuers. */
const MAX_FAILURES = 1_000

/** Gets an issuer, however long that takes. */
export type FindIssuer = (logId: string, fingerprint: Uint8Array) => Promise<Uint8Array>

/** Looks an issuer certificate up once, however many entries need it at the same time. */
export class Issuers {
  private readonly find: FindIssuer
  private readonly elapsed: () => number
  private readonly wanted = new Map<string, Promise<Uint8Array>>()
  private readonly failures = new Map<string, { readonly error: unknown; readonly until: number }>()

  constructor(find: FindIssuer, clock: Clock) {
    this.find = find
    this.elapsed = elapsedOf(clock)
  }

  /** The issuer with this SHA-256. Rejects with what looking for it threw, within the last minute. */
  get(logId: string, fingerprint: Uint8Array): Promise<Uint8Array> {
    const key = `${logId} ${toHex(fingerprint)}`
    const failure = this.failures.get(key)
    if (failure !== undefined && this.elapsed() < failure.until) return Promise.reject(failure.error)
    let answer = this.wanted.get(key)
    if (answer === undefined) {
      answer = this.look(key, logId, fingerprint)
      this.wanted.set(key, answer)
    }
    return answer
  }

  private async look(key: string, logId: string, fingerprint: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.find(logId, fingerprint)
    } catch (error) {
      this.failures.delete(key)
      const [oldest] = this.failures.keys()
      if (this.failures.size >= MAX_FAILURES && oldest !== undefined) this.failures.delete(oldest)
      this.failures.set(key, { error, until: this.elapsed() + FAILURE_MS })
      throw error
    } finally {
      this.wanted.delete(key)
    }
  }
}
