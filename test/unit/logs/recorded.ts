import { CtStreamError } from '../../../src/errors.js'
import type { GetOptions, HttpAnswer, Transport } from '../../../src/http/transport.js'

/** A transport that answers from a record; what is not in it is 404. */
export class Recorded implements Transport {
  readonly asked: string[] = []
  readonly options: GetOptions[] = []
  private readonly answers: Readonly<Record<string, Uint8Array | string | Error>>

  /** @param answers - Bodies, or the error that comes instead, by URL. */
  constructor(answers: Readonly<Record<string, Uint8Array | string | Error>>) {
    this.answers = answers
  }

  async get(url: string, options: GetOptions = {}): Promise<HttpAnswer> {
    this.asked.push(url)
    this.options.push(options)
    const answer = this.answers[url]
    if (answer instanceof Error) throw answer
    if (answer === undefined) throw new CtStreamError('CT_HTTP_STATUS', `${url}: 404`, { url, status: 404 })
    const body = Uint8Array.from(typeof answer === 'string' ? Buffer.from(answer) : answer)
    return { status: 200, headers: {}, body }
  }

  async close(): Promise<void> {}
}
