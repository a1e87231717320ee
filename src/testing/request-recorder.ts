import type { IncomingMessage } from 'node:http'
import type { Clock } from '../types/clock.js'
import { type Prefixes, type RecordedRequest, routeOf, type TestLogEndpoint, type TestLogRequest } from './requests.js'

/** A record that is still incomplete. */
export type OpenRecord = { -readonly [K in keyof RecordedRequest]: RecordedRequest[K] }

/** Numbers the requests to a log, counts them, and keeps the last ones. */
export class RequestRecorder {
  private readonly prefixes: Prefixes
  private readonly clock: Clock
  private readonly most: number
  private readonly kept: OpenRecord[] = []
  private readonly counts = new Map<TestLogEndpoint, number>()
  private total = 0

  /** @param most - Most requests to keep. */
  constructor(prefixes: Prefixes, clock: Clock, most: number) {
    this.prefixes = prefixes
    this.clock = clock
    this.most = most
  }

  /** The last requests, oldest first. */
  get requests(): readonly RecordedRequest[] {
    return this.kept
  }

  /** Number of requests to one endpoint, or to all, including those no longer kept. */
  count(endpoint?: TestLogEndpoint): number {
    return endpoint === undefined ? this.total : (this.counts.get(endpoint) ?? 0)
  }

  clear(): void {
    this.kept.length = 0
    this.counts.clear()
    this.total = 0
  }

  /** Parses a request and starts its record. */
  receive(incoming: IncomingMessage, connection: number): { request: TestLogRequest; record: OpenRecord } {
    const path = incoming.url ?? '/'
    const request: TestLogRequest = {
      ...routeOf(path, this.prefixes),
      method: incoming.method ?? 'GET',
      path,
      headers: incoming.headers,
      userAgent: incoming.headers['user-agent'],
      number: this.total++,
      connection,
      receivedAt: this.clock.now(),
    }
    return { request, record: this.record(request) }
  }

  private record(request: TestLogRequest): OpenRecord {
    const record: OpenRecord = { ...request, status: undefined, bytes: 0, count: undefined, faulty: false }
    this.counts.set(request.endpoint, (this.counts.get(request.endpoint) ?? 0) + 1)
    this.kept.push(record)
    if (this.kept.length > this.most) this.kept.shift()
    return record
  }
}
