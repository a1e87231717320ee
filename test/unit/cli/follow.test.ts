import { Writable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type FollowedStream, follow } from '../../../src/cli/follow.js'
import { Output } from '../../../src/cli/terminal/output.js'
import { CtStreamError } from '../../../src/errors.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { certificate } from './sample-certificate.js'

/** Pages of two certificates, numbered; after `pages` it waits until it is closed, or ends, or fails. */
class Source implements FollowedStream {
  acknowledged = 0
  closed = false
  private readonly pages: number
  private readonly after: 'wait' | 'end' | Error
  private given = 0
  private wake = () => {}

  constructor(pages: number, after: 'wait' | 'end' | Error = 'wait') {
    this.pages = pages
    this.after = after
  }

  async *batches(): AsyncIterableIterator<readonly CtCertificate[]> {
    while (await this.more()) {
      this.given += 2
      yield [certificate({ index: this.given - 2 }), certificate({ index: this.given - 1 })]
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<CtCertificate> {
    while (await this.more()) {
      this.given += 1
      yield certificate({ index: this.given - 1 })
    }
  }

  acknowledge(): void {
    this.acknowledged = this.given
  }

  async close(): Promise<void> {
    this.closed = true
    this.wake()
  }

  private async more(): Promise<boolean> {
    this.acknowledge()
    if (this.given < this.pages * 2) return !this.closed
    if (this.after === 'end') return false
    if (this.after instanceof Error) throw this.after
    if (!this.closed) await new Promise<void>((wake) => (this.wake = wake))
    return false
  }
}

/** A reader that takes `patience` writes and then does what it is told. */
function reader(patience = Number.POSITIVE_INFINITY, then: 'block' | NodeJS.ErrnoException = 'block') {
  const texts: string[] = []
  const stream = new Writable({
    highWaterMark: 1,
    write(chunk, _, done) {
      if (texts.length < patience) {
        texts.push(String(chunk))
        done()
      } else if (then !== 'block') done(then)
    },
  })
  return { stream, text: () => texts.join(''), texts }
}

function setup(source: Source, sink: ReturnType<typeof reader>, limit?: number) {
  const stop = new AbortController()
  const naps: { ms: number; wake: () => void }[] = []
  const clock = {
    now: () => 0,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((wake, fail) => {
        naps.push({ ms, wake })
        signal?.addEventListener('abort', () => fail(signal.reason))
      }),
  }
  const output = new Output(sink.stream)
  const format = (cert: CtCertificate) => `${cert.index} `
  const done = follow(source, { format, output, limit, stop: stop.signal, clock })
  return { stop, naps, done }
}

const errno = (code: string) => Object.assign(new Error(`write ${code}`), { code })

describe('following a stream', () => {
  it('writes page by page to the end, and closes', async () => {
    const [source, sink] = [new Source(3, 'end'), reader()]
    await setup(source, sink).done
    expect(sink.texts).toEqual(['0 1 ', '2 3 ', '4 5 '])
    expect(source).toMatchObject({ acknowledged: 6, closed: true })
  })

  it('stops at the limit, with exactly that much acknowledged', async () => {
    const [source, sink] = [new Source(100), reader()]
    await setup(source, sink, 3).done
    expect(sink.text()).toBe('0 1 2 ')
    expect(source).toMatchObject({ acknowledged: 3, closed: true })
  })

  it('waits for its reader, and acknowledges nothing that was not taken', async () => {
    const [source, sink] = [new Source(100), reader(2)]
    const { stop, naps, done } = setup(source, sink)
    for (let i = 0; i < 20; i++) await turn()
    expect(sink.text()).toBe('0 1 2 3 ')
    expect(source).toMatchObject({ acknowledged: 4, closed: false })
    stop.abort()
    await turn()
    expect(source.closed).toBe(false)
    expect(naps.map(({ ms }) => ms)).toEqual([3000])
    naps[0]?.wake()
    await done
    expect(source).toMatchObject({ acknowledged: 4, closed: true })
  })

  it('ends at once when it is stopped while it waits for entries', async () => {
    const [source, sink] = [new Source(1), reader()]
    const { stop, done } = setup(source, sink)
    for (let i = 0; i < 20; i++) await turn()
    stop.abort()
    await done
    expect(sink.text()).toBe('0 1 ')
    expect(source).toMatchObject({ acknowledged: 2, closed: true })
  })

  it('finishes and acknowledges the page it is writing when it is stopped', async () => {
    const source = new Source(100)
    const stopping: { stop?: AbortController } = {}
    const sink = reader()
    const texts: string[] = []
    sink.stream._write = (chunk, _, taken) => {
      texts.push(String(chunk))
      if (texts.length === 2) stopping.stop?.abort()
      setImmediate(taken)
    }
    const { stop, done } = setup(source, sink)
    stopping.stop = stop
    await done
    expect(texts).toEqual(['0 1 ', '2 3 '])
    expect(source).toMatchObject({ acknowledged: 4, closed: true })
  })

  it('does not begin when it was stopped before', async () => {
    const source = new Source(100)
    const sink = reader()
    const stop = AbortSignal.abort()
    const clock = { now: () => 0, sleep: async () => {} }
    await follow(source, { format: () => 'x', output: new Output(sink.stream), stop, clock })
    expect(sink.text()).toBe('')
    expect(source).toMatchObject({ acknowledged: 0, closed: true })
  })

  it.each(['EPIPE', 'ECONNRESET'])('ends quietly when its reader goes away: %s', async (code) => {
    const [source, sink] = [new Source(100), reader(2, errno(code))]
    await setup(source, sink).done
    expect(sink.text()).toBe('0 1 2 3 ')
    expect(source).toMatchObject({ acknowledged: 4, closed: true })
  })

  it('fails when writing fails, with nothing more acknowledged', async () => {
    const [source, sink] = [new Source(100), reader(1, errno('ENOSPC'))]
    await expect(setup(source, sink).done).rejects.toThrow('write ENOSPC')
    expect(source).toMatchObject({ acknowledged: 2, closed: true })
  })

  it('passes on what the stream fails with, but not that it was closed by the stop', async () => {
    const trouble = new CtStreamError('CT_CHECKPOINT_CONFLICT', 'in use')
    await expect(setup(new Source(1, trouble), reader()).done).rejects.toBe(trouble)
    const closed = new CtStreamError('CT_CLOSED', 'closed')
    await expect(setup(new Source(1, closed), reader()).done).rejects.toBe(closed)
    const { stop, done } = setup(new Source(1, closed), reader())
    stop.abort()
    await done
  })

  it('does not write pages of which nothing is shown, and counts them as done', async () => {
    const [source, sink] = [new Source(3, 'end'), reader()]
    const clock = { now: () => 0, sleep: async () => {} }
    const output = new Output(sink.stream)
    await follow(source, { format: () => '', output, stop: new AbortController().signal, clock })
    expect(sink.texts).toEqual([])
    expect(source.acknowledged).toBe(6)
  })
})
