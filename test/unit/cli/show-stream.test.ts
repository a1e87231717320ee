import { describe, expect, it } from 'vitest'
import type { Command } from '../../../src/cli/command.js'
import { formatFlags, limitFlag, reportFlags } from '../../../src/cli/flags/flags.js'
import { runCli } from '../../../src/cli/run.js'
import { type ShownStream, showStream } from '../../../src/cli/show-stream.js'
import { CtStreamError } from '../../../src/errors.js'
import type { Logger } from '../../../src/types/clock.js'
import type { EndOption } from '../../../src/types/stream-options.js'
import { certificate } from './sample-certificate.js'
import { sampleIo } from './sample-io.js'

const noNetwork = new CtStreamError('CT_HTTP_NETWORK', 'no list: getaddrinfo EAI_AGAIN', { retryable: true })

function streamOf(fails: unknown): ShownStream {
  const batches = async function* () {
    if (fails !== undefined) throw fails
    yield [certificate()]
  }
  return {
    on() {},
    status: () => ({ logs: [], entries: 0, entriesPerSecond: 0, bytes: 0, bufferedBytes: 0, gaps: 0 }),
    acknowledge() {},
    close: async () => {},
    batches,
    async *[Symbol.asyncIterator]() {
      for await (const batch of batches()) yield* batch
    },
  } as unknown as ShownStream
}

/** Runs a stream whose first tries fail. */
async function run(argv: string[], failures: unknown[], end?: EndOption) {
  const left = [...failures]
  const waits: number[] = []
  const command: Command = {
    ...{ name: 'stream', summary: '', positionals: [] },
    flags: [limitFlag, ...formatFlags, ...reportFlags],
    run: (context) => {
      const open = async (logger: Logger) => {
        logger.warn('a flag is unusual')
        return streamOf(left.shift())
      }
      return showStream({ context, open, ...(end && { end }) })
    },
  }
  const clock = { now: () => 0, sleep: async (ms: number) => void waits.push(ms) }
  const { io, stdout, stderr } = sampleIo([...argv, '--template', '{index}'], { changes: { clock } })
  const status = await runCli(io, [command])
  const listeners = io.stdout.listenerCount('error')
  return { status, stdout: stdout(), stderr: stderr(), waits, listeners }
}

describe('a stream that finds no network when it begins', () => {
  it('waits, says so at growing distances, and begins', async () => {
    const { status, stdout, stderr, waits, listeners } = await run([], Array(9).fill(noNetwork))
    expect([status, stdout]).toEqual([0, '4294967297\n'])
    const [warning, ...lines] = stderr.split('\n')
    expect(warning).toBe('warn: a flag is unusual')
    expect(lines.map((line) => /attempt=(\d+)/.exec(line)?.[1])).toEqual(['1', '2', '4', '8', undefined])
    expect(lines[0]).toMatch(
      /^warn: trying again: no list: getaddrinfo EAI_AGAIN code="CT_HTTP_NETWORK" attempt=1 retryInMs=\d+$/,
    )
    expect(waits).toHaveLength(9)
    // Each try listened for errors of stdout again: at the eleventh Node warns of a leak.
    expect(listeners).toBeLessThanOrEqual(1)
    expect(Math.max(...waits)).toBeLessThanOrEqual(60_000)
  })

  it('ends where an end was asked for, or waiting helps nothing', async () => {
    const wrong = new CtStreamError('CT_HTTP_STATUS', 'no list: 404', { retryable: false })
    expect(await run(['--limit', '1'], [noNetwork])).toMatchObject({ status: 1, stdout: '' })
    expect(await run([], [noNetwork], 'head')).toMatchObject({ status: 1, stdout: '' })
    expect(await run([], [wrong])).toMatchObject({ status: 1, stdout: '', waits: [] })
    const busy = new CtStreamError('CT_CHECKPOINT_CONFLICT', 'in use', { retryable: true })
    expect(await run([], [busy])).toMatchObject({ status: 1, stdout: '', waits: [] })
  })

  it('says it in JSON where that is asked for, the last word too', async () => {
    const busy = new CtStreamError('CT_CHECKPOINT_CONFLICT', 'in use by\nx', {})
    const { stderr } = await run(['--log-format', 'json'], [noNetwork, busy])
    const [, first, last] = stderr.split('\n').map((line) => line && JSON.parse(line))
    expect(first).toMatchObject({
      ...{ time: '1970-01-01T00:00:00.000Z', level: 'warn', code: 'CT_HTTP_NETWORK', attempt: 1 },
      ...{ message: 'trying again: no list: getaddrinfo EAI_AGAIN', retryInMs: expect.any(Number) },
    })
    expect(last).toMatchObject({ level: 'error', code: 'CT_CHECKPOINT_CONFLICT', message: 'in use by\nx' })
  })
})
