import { describe, expect, it } from 'vitest'
import { patientPump } from '../../../src/cli/patient-pump.js'
import { CtStreamError } from '../../../src/errors.js'
import type { CtStream } from '../../../src/stream/ct-stream.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import type { Sink } from '../../../src/types/cluster.js'
import type { EndOption } from '../../../src/types/stream-options.js'
import { quietController } from '../../../src/util/abort.js'
import { certificate } from './sample-certificate.js'

const noNetwork = new CtStreamError('CT_HTTP_NETWORK', 'no list: getaddrinfo EAI_AGAIN', { retryable: true })

/** Pumps streams of one certificate, of which the first ones fail. */
async function pumped(failures: readonly unknown[], end?: EndOption) {
  const left = [...failures]
  const [written, said, calls]: [CtCertificate[], string[], string[]] = [[], [], []]
  const sink = {
    guarantee: 'at-least-once',
    open: async () => void calls.push('open'),
    write: async (page: readonly CtCertificate[]) => void written.push(...page),
    close: async () => void calls.push('close'),
  } as unknown as Sink
  const stream = (): CtStream =>
    ({
      async *batches() {
        if (left.length > 0) throw left.shift()
        yield [certificate()]
      },
      acknowledge() {},
      close: async () => {},
    }) as unknown as CtStream
  const { signal: stop } = quietController()
  const slept: number[] = []
  const clock = {
    now: () => 0,
    // Waits between tries pass at once; how long an engine may be silent is another wait, and never over.
    sleep: (ms: number, signal?: AbortSignal) =>
      signal === stop
        ? Promise.resolve(void slept.push(ms))
        : new Promise<void>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
  }
  const say = (level: string) => (message: string) => void said.push(`${level} ${message}`)
  const logger = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
  const running = patientPump({ sink, stream, end, logger, clock, stop })
  return {
    error: await running.then(
      () => undefined,
      (error) => error,
    ),
    written,
    said,
    calls,
    slept,
  }
}

describe('a stream into a sink that finds no network when it begins', () => {
  it('opens the sink anew for each try, and says at growing distances that it waits', async () => {
    const { error, written, said, calls, slept } = await pumped(Array(5).fill(noNetwork))
    expect([error, written.length]).toEqual([undefined, 1])
    expect(said.filter((line) => line.startsWith('warn'))).toEqual(
      Array(3).fill('warn trying again: no list: getaddrinfo EAI_AGAIN'),
    )
    expect(calls.filter((call) => call === 'open')).toHaveLength(6)
    expect(slept).toHaveLength(5)
  })

  it('ends where it has an end, or waiting helps nothing', async () => {
    expect(await pumped([noNetwork], 'head')).toMatchObject({ error: noNetwork, slept: [] })
    const wrong = new CtStreamError('CT_HTTP_STATUS', 'no list: 404', { retryable: false })
    expect(await pumped([wrong])).toMatchObject({ error: wrong, slept: [] })
  })
})
