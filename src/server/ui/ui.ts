import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Backlog } from '../backlog.js'
import { clientKey } from '../client-address.js'
import type { Gate, Refused } from '../gate.js'
import { parseMessageId } from '../message-id.js'
import { whenOver } from '../response-over.js'
import { Feed, type FeedOptions } from './feed.js'
import { PageFiles } from './files.js'

/** Most open pages: each costs the server one message a second. */
const MAX_VIEWERS = 100
/** Most of one address, so that nobody takes the places of all others. */
const MAX_OF_ADDRESS = 25

/** Answers everything below `/ui`: the page's files, its feed, and single certificates. */
export class Ui {
  readonly feed: Feed
  private readonly gate: Gate
  private readonly backlog: Backlog
  private readonly files = new PageFiles()
  /** Open pages of each address. */
  private readonly perAddress = new Map<string, number>()

  constructor(gate: Gate, backlog: Backlog, options: FeedOptions) {
    this.gate = gate
    this.backlog = backlog
    this.feed = new Feed(options)
  }

  /** @param path - Begins with `/ui`. @returns Why the request is refused; `undefined` when it is answered. */
  answer(request: IncomingMessage, response: ServerResponse, path: string, url: URL): Refused | undefined {
    if (this.files.has(path)) {
      // Relative paths, so that the page also works behind a proxy that serves it below another path.
      if (url.pathname.endsWith('/')) response.writeHead(308, { Location: '../ui' }).end()
      else void this.files.answer(path, request, response)
      return undefined
    }
    if (path === '/ui/feed') return this.begin(request, response)
    if (path !== '/ui/certificate') return { status: 404, message: 'there is nothing here' }
    const refused = this.gate.mayAsk(request, url)
    if (refused === undefined) void this.certificate(response, url.searchParams.get('id') ?? '')
    return refused
  }

  private begin(request: IncomingMessage, response: ServerResponse): Refused | undefined {
    const entry = this.gate.open(request, (url) => ({ match: url.searchParams.get('match') ?? '' }))
    if ('status' in entry) return entry
    if (this.feed.size >= MAX_VIEWERS) return { status: 503, message: `${MAX_VIEWERS} pages are open already` }
    const key = clientKey(entry.address)
    if ((this.perAddress.get(key) ?? 0) >= MAX_OF_ADDRESS)
      return { status: 429, message: `${MAX_OF_ADDRESS} pages of this address are open already` }
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
    })
    if (request.method === 'HEAD') response.end()
    else {
      this.count(key, 1)
      whenOver(response, () => this.count(key, -1))
      this.feed.open(response, entry.wanted.match)
    }
    return undefined
  }

  private count(key: string, change: number): void {
    const count = (this.perAddress.get(key) ?? 0) + change
    if (count === 0) this.perAddress.delete(key)
    else this.perAddress.set(key, count)
  }

  /** Answers with a whole certificate, as long as it is kept. */
  private async certificate(response: ServerResponse, id: string): Promise<void> {
    const { number, series } = parseMessageId(id) ?? { number: 0, series: '' }
    let message: Buffer | undefined
    try {
      const isOurs = series === this.backlog.series && number > 0
      const page = isOurs ? await this.backlog.pageAfter(number - 1) : undefined
      if (page !== undefined && page.first <= number) message = page.message('full', number - page.first)
    } catch {
      // The file cannot be read. Not logged here: reading for clients reports it.
    }
    const body = message ?? Buffer.from('{"problem":"this certificate is not kept any more"}')
    response.writeHead(message === undefined ? 404 : 200, {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Length': body.length,
    })
    response.end(body)
  }
}
