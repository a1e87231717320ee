import { setTimeout as wait } from 'node:timers/promises'
import type { CtStream } from '../../src/stream/ct-stream.js'
import type { CtCertificate } from '../../src/types/certificate.js'
import type { LogState } from '../../src/types/log.js'
import type { CtStreamEvents } from '../../src/types/stream-events.js'

/** Reads a stream on the side and keeps what it yields and tells. */
export class Reader implements AsyncDisposable {
  readonly stream: CtStream
  readonly certificates: CtCertificate[] = []
  readonly states: { readonly id: string; readonly state: LogState }[] = []
  readonly heads: CtStreamEvents['head'][] = []
  readonly errors: CtStreamEvents['error'][] = []
  readonly lists: CtStreamEvents['list'][] = []
  readonly misbehaviour: CtStreamEvents['misbehaviour'][] = []
  readonly gaps: CtStreamEvents['gap'][] = []
  /** Awaited after each certificate: what the reader does with it. */
  work: (certificate: CtCertificate) => Promise<void> | void = () => {}
  /** Settles when the loop ends; rejects with what ended it. */
  readonly done: Promise<void>
  private failure: { readonly error: unknown } | undefined

  constructor(stream: CtStream) {
    this.stream = stream
    stream.on('log', ({ log, state }) => this.states.push({ id: log.id, state }))
    stream.on('head', (head) => this.heads.push(head))
    stream.on('error', (error) => this.errors.push(error))
    stream.on('list', (list) => this.lists.push(list))
    stream.on('misbehaviour', (misbehaviour) => this.misbehaviour.push(misbehaviour))
    stream.on('gap', (gap) => this.gaps.push(gap))
    this.done = this.read()
    this.done.catch((error) => {
      this.failure = { error }
    })
  }

  private async read(): Promise<void> {
    for await (const certificate of this.stream) {
      this.certificates.push(certificate)
      await this.work(certificate)
    }
  }

  /** Indexes of one log, in the order they came. */
  indexes(logId?: string): number[] {
    return this.certificates.filter(({ log }) => logId === undefined || log.id === logId).map(({ index }) => index)
  }

  /** The state a log is in, as the events tell. */
  state(logId: string): LogState | undefined {
    return this.states.findLast(({ id }) => id === logId)?.state
  }

  /** Waits until `condition` holds; says what was there when it never does. */
  async until(condition: (reader: this) => boolean, what = condition.toString()): Promise<void> {
    const deadline = Date.now() + 10_000
    while (!condition(this)) {
      if (this.failure !== undefined) throw this.failure.error
      if (Date.now() > deadline) {
        const { logs } = this.stream.status()
        const now = logs.map(({ log, state, position, headSize, lastError }) =>
          [log.url, state, position, headSize, lastError?.message].join(' '),
        )
        throw new Error(`never: ${what}\n${now.join('\n')}`)
      }
      await wait(2)
    }
  }

  async close(): Promise<void> {
    await this.stream.close()
    await this.done.catch(() => {})
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** Lets this many real milliseconds pass: for "and nothing more happens" under a fast clock. */
export const quiet = (ms = 60): Promise<void> => wait(ms)
