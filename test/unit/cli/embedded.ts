import { commands } from '../../../src/cli/commands.js'
import type { CliIo } from '../../../src/cli/io.js'
import { runCli } from '../../../src/cli/run.js'
import { createTestLog, createTestLogList, issueCertificates, type TestLog } from '../../../src/testing/index.js'
import type { Clock } from '../../../src/types/clock.js'
import { sampleIo } from './sample-io.js'

/** Two logs on loopback, one of each kind, with a list of both. */
export interface EmbeddedLogs {
  readonly classic: TestLog
  readonly tiled: TestLog
  /** JSON text. */
  readonly list: string
  close(): Promise<void>
}

/** 300 entries each: more than a page and than a tile. */
export async function embeddedLogs(): Promise<EmbeddedLogs> {
  const classic = await createTestLog({
    kind: 'rfc6962',
    entries: issueCertificates(300, { sign: false }),
    description: "Example 'Argon2026' log",
    operator: 'Example',
    temporalInterval: { startInclusive: new Date('2026-01-01'), endExclusive: new Date('2100-01-01') },
  })
  const tiled = await createTestLog({
    kind: 'static-ct',
    entries: issueCertificates(300, { sign: false, seed: 'tiled' }),
    description: 'Example Willow 2026',
    operator: 'Willow & Co',
  })
  return {
    classic,
    tiled,
    list: JSON.stringify(createTestLogList([classic, tiled], { timestamp: new Date() })),
    close: async () => {
      await Promise.all([classic.close(), tiled.close()])
    },
  }
}

/** The machine's time; waits between attempts pass at once. */
export const impatientClock: Clock = { now: () => Date.now(), sleep: async () => {} }

/** Runs a command line in this process. */
export async function runWith(
  argv: readonly string[],
  options: { readonly files?: Record<string, string | Uint8Array>; readonly changes?: Partial<CliIo> } = {},
) {
  const changes = { clock: impatientClock, ...options.changes }
  const { io, stdout, stderr } = sampleIo(argv, { ...options, changes })
  const code = await runCli(io, commands)
  return { code, stdout: stdout(), stderr: stderr() }
}
