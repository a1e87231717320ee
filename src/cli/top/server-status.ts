import type { CtStreamError } from '../../errors.js'
import type { CtCertificate } from '../../types/certificate.js'
import type { LogInfo } from '../../types/log.js'
import type { LogStatus, StreamStatus } from '../../types/stream-status.js'
import { Rate } from '../../util/rate.js'

/** Most logs to distinguish, more than exist: a server that invents names cannot fill the memory. */
const MAX_LOGS = 1000

interface Heard {
  readonly log: LogInfo
  readonly rate: Rate
  entries: number
  /** Index after the newest entry. */
  position: number
  /** Of the newest entry that has one, epoch milliseconds. */
  timestamp: number | undefined
}

export interface ServerCounts {
  /** Certificates dropped by the filter. */
  readonly dropped: number
  readonly bufferedBytes: number
}

/** The status of logs as far as messages of a CertStream server show it, in the form of a stream's status. Servers send no heads. */
export class ServerStatus {
  private readonly heard = new Map<string, Heard>()
  private lost: { readonly error: CtStreamError; readonly since: number; readonly retryAt: number } | undefined
  private lastError: CtStreamError | undefined
  private reconnects = 0
  private gaps = 0

  /** @param elapsed - Time by which durations are measured, milliseconds. */
  add(certificates: readonly CtCertificate[], elapsed: number): void {
    for (const { log, index, timestamp } of certificates) {
      const heard = this.of(log)
      heard.entries++
      heard.position = Math.max(heard.position, index + 1)
      heard.timestamp = later(heard.timestamp, timestamp?.getTime())
      heard.rate.add(1, elapsed)
    }
  }

  connected(): void {
    this.lost = undefined
  }

  /** @param now - Epoch milliseconds. */
  disconnected(error: CtStreamError, retryInMs: number, now: number): void {
    this.lost = { error, since: this.lost?.since ?? now, retryAt: now + retryInMs }
    this.lastError = error
    this.reconnects++
  }

  missed(): void {
    this.gaps++
  }

  status({ dropped, bufferedBytes }: ServerCounts, now: number, elapsed: number): StreamStatus {
    const logs = [...this.heard.values()].map((heard) => this.logStatus(heard, now, elapsed))
    const sum = (value: (log: LogStatus) => number) => logs.reduce((total, log) => total + value(log), 0)
    return {
      logs,
      entries: sum((log) => log.entries),
      filtered: dropped,
      duplicates: 0,
      entriesPerSecond: sum((log) => log.entriesPerSecond),
      bytes: 0,
      bufferedBytes,
      gaps: this.gaps,
    }
  }

  private logStatus({ log, rate, entries, position, timestamp }: Heard, now: number, elapsed: number): LogStatus {
    const { lost } = this
    return {
      log,
      state: lost === undefined ? 'live' : 'waiting',
      position,
      headSize: undefined,
      headAgeMs: undefined,
      mmdMs: undefined,
      headProblem: undefined,
      lagEntries: undefined,
      lagMs: timestamp === undefined ? undefined : Math.max(0, now - timestamp),
      verifiedSize: undefined,
      entries,
      filtered: 0,
      duplicates: 0,
      unverified: entries,
      entriesPerSecond: rate.perSecond(elapsed),
      bytes: 0,
      requests: 0,
      retries: this.reconnects,
      pageSize: 1,
      requestsPerSecond: undefined,
      troubleMs: lost && Math.max(0, now - lost.since),
      failingSince: lost?.since,
      nextRetryAt: lost && Math.round(lost.retryAt),
      waitsFor: undefined,
      lastError: this.lastError,
    }
  }

  private of(log: LogInfo): Heard {
    // Most servers name a log by its URL alone, or not at all.
    const id = log.id || log.url || log.description
    const known = this.heard.get(id)
    if (known !== undefined) return known
    if (this.heard.size >= MAX_LOGS && log !== others) return this.of(others)
    const description = log.description || log.url || 'a log without a name'
    const heard = { log: { ...log, id, description }, rate: new Rate(), entries: 0, position: 0, timestamp: undefined }
    this.heard.set(id, heard)
    return heard
  }
}

/** One more row for all logs beyond {@link MAX_LOGS}. */
const others: LogInfo = { id: 'others', description: 'other logs', operator: '', kind: 'rfc6962', url: '' }

function later(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other)
}
