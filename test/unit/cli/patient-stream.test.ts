import { describe, expect, it } from 'vitest'
import { type BegunStream, PatientStream } from '../../../src/cli/patient-stream.js'
import { CtStreamError } from '../../../src/errors.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { steppingClock } from '../../support/fast-clock.js'
import { log, status } from './sample-status.js'

const noNetwork = new CtStreamError('CT_HTTP_NETWORK', 'no list at https://secret.example/', { retryable: true })
const page = [{ index: 7 } as CtCertificate]

/** Streams that fail with these errors, one after the other, and then one that has a page. */
function patient(...failures: readonly Error[]) {
  const left = [...failures]
  const listened: string[] = []
  const closed: number[] = []
  const said: string[] = []
  let opened = 0
  const open = (): BegunStream => {
    const [failure, n] = [left.shift(), opened++]
    return {
      async *batches() {
        if (failure !== undefined) throw failure
        yield page
        yield page
      },
      on: (event: string) => listened.push(`${event} ${n}`),
      status: () => status(failure === undefined ? [log()] : []),
      close: async () => void closed.push(n),
    } as unknown as BegunStream
  }
  const say = (message: string) => void said.push(message)
  const logger = { debug: () => {}, info: say, warn: say, error: say }
  const clock = steppingClock()
  const stream = new PatientStream({ open, acknowledgement: 'automatic', logger, clock })
  return { stream, listened, closed, said, clock }
}

async function all(stream: PatientStream): Promise<number> {
  let pages = 0
  for await (const _ of stream.batches()) pages++
  return pages
}

describe('a stream that waits for a network', () => {
  it('is opened again until it has a page, and then read to its end', async () => {
    const { stream, clock } = patient(noNetwork, noNetwork, noNetwork)
    expect(stream.unready()).toBeUndefined()
    expect(await all(stream)).toBe(2)
    expect(clock.slept).toHaveLength(3)
    expect(stream.unready()).toBeUndefined()
  })

  it('says why nothing is read, without what only the operator should see', async () => {
    const { stream, clock } = patient(noNetwork)
    const reasons: (string | undefined)[] = []
    const { sleep } = clock
    Object.assign(clock, {
      sleep: (ms: number, signal: AbortSignal) => {
        reasons.push(stream.unready())
        return sleep(ms, signal)
      },
    })
    await all(stream)
    expect(reasons).toEqual([
      expect.stringMatching(
        /^neither log lists nor logs can be reached yet: CT_HTTP_NETWORK at attempt 1, the next at 2023-[-\dT:]+Z$/,
      ),
    ])
  })

  it('passes events of every attempt on to listeners that were added once', async () => {
    const { stream, listened } = patient(noNetwork)
    stream.on('gap', () => {})
    await all(stream)
    expect(listened).toEqual(['gap 0', 'gap 1'])
  })

  it('waits no more once it is closed, and fails at once where waiting helps nothing', async () => {
    const { stream, clock } = patient(noNetwork)
    const asleep = new Promise<void>((resolve) => {
      const sleep = (_: number, signal: AbortSignal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
          resolve()
        })
      Object.assign(clock, { sleep })
    })
    const reading = all(stream)
    await asleep
    await stream.close()
    expect(await reading).toBe(0)
    const wrong = new CtStreamError('CT_CHECKPOINT_CONFLICT', 'in use')
    await expect(all(patient(wrong).stream)).rejects.toBe(wrong)
  })
})
