import { ctStream } from '../../../src/stream/ct-stream.js'
import { createTestLog, type IssuedCertificate, issueCertificates, type TestLog } from '../../../src/testing/index.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { closing } from '../../support/closing.js'
import { fastClock } from '../../support/fast-clock.js'
import { Reader } from '../../support/reader.js'

export { closing } from '../../support/closing.js'
export { backfill } from '../../support/logs.js'

// Every regression here is a fault that a program of this kind has had. Each test is named for what must hold.
//
// Two faults of others have no place to occur yet: trusting the leftmost X-Forwarded-For behind a reverse proxy, and a
// SIGTERM that hangs while a WebSocket client is connected. Both are a server's, and there is none in this library so far.

export const openLog = async (...options: Parameters<typeof createTestLog>): Promise<TestLog> =>
  closing(await createTestLog(...options))

/** Certificates that differ for every seed. */
export const certificates = (count: number, seed: string): IssuedCertificate[] => [
  ...issueCertificates(count, { sign: false, seed }),
]

/** Reads a stream on the side, as a monitor does that never ends. */
export const follow = (options: CtStreamOptions): Reader =>
  closing(
    new Reader(
      ctStream({
        checkpoint: false,
        pollIntervalMs: 1_000,
        partialTileDelayMs: 0,
        clock: fastClock(200),
        ...options,
      }),
    ),
  )
