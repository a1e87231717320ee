import { type CtStream, ctStream } from '../../src/stream/ct-stream.js'
import {
  createTestLog,
  type IssuedCertificate,
  issueCertificates,
  type TestLog,
  type TestLogOptions,
} from '../../src/testing/index.js'
import type { CtStreamOptions } from '../../src/types/stream-options.js'
import { closing } from './closing.js'
import { fastClock } from './fast-clock.js'

/** One sequence for all: the CAs and templates behind it take ten milliseconds. */
const made = issueCertificates(Number.POSITIVE_INFINITY, { sign: false, seed: 'support' })

/** Certificates that no other call has made; a precertificate is the first. */
export function certificates(count: number): IssuedCertificate[] {
  const next = Array.from({ length: count + (count % 2) }, () => made.next().value as IssuedCertificate)
  return next.slice(0, count)
}

/** A log with this many entries, closed after the test. */
export const logOf = async (count: number, options: TestLogOptions = {}): Promise<TestLog> =>
  closing(await createTestLog({ entries: certificates(count), ...options }))

/** Adds entries to a log, and publishes them. */
export function grow(log: TestLog, count: number): void {
  log.add(certificates(count))
  log.publish()
}

/**
 * A stream of one log from the beginning to the head. Its patience is a day, as the clock is fast: a few milliseconds of the
 * machine's are a minute.
 */
export const backfill = (log: TestLog, options: CtStreamOptions = {}): CtStream =>
  ctStream({
    logs: [log.spec],
    start: 'beginning',
    end: 'head',
    checkpoint: false,
    clock: fastClock(20_000),
    endPatienceMs: 86_400_000,
    ...options,
  })
