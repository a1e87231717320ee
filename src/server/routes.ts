import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ApiDoor } from './api-door.js'
import type { EventStreams } from './event-streams.js'
import type { Gate, Refused } from './gate.js'
import type { MessageFormat } from './messages.js'
import { knownPath } from './paths.js'
import type { RecentMessages } from './recent-messages.js'
import { pathOf } from './subscription.js'
import type { Tally } from './tally.js'
import type { Ui } from './ui/ui.js'

/** What plain HTTP answers are made from. */
export interface Told {
  readonly recent: RecentMessages
  readonly stats: () => object
  /** Answers requests below `/api`. */
  readonly api: Pick<ApiDoor, 'answer'>
  readonly tally: Pick<Tally, 'answered'>
  /** Called with each error that is answered as status 500. */
  readonly onError: (error: unknown) => void
  readonly metrics: { readonly contentType: string; text(): Promise<string> }
  /** Why the server is unhealthy; `undefined` when it is healthy. */
  readonly illness: () => string | undefined
  /** Why no client can be served yet; `undefined` when they can. */
  readonly unready: () => string | undefined
}

const examples: Record<string, MessageFormat | undefined> = {
  '/example.json': 'certstream-lite',
  '/full-stream/example.json': 'certstream-full',
  '/domains-only/example.json': 'certstream-domains',
}
const webSocketPaths = ['/full-stream', '/domains-only', '/v2/stream']

const PLAIN = 'text/plain; charset=utf-8'

const INDEX = `ct-stream

WebSocket   /  /full-stream  /domains-only        messages of CertStream; ?after=ID goes on, ?heartbeat=30
WebSocket   /v2/stream                            ?format=full|lite|domains|certstream&domain=&issuer=&kind=&log=&after=&findings=1&dedupe=issuance
SSE         /v2/sse                               the same; Last-Event-ID goes on
page        /ui                                   how it fares, and certificates as they come
JSON        /example.json  /latest.json  /stats  /healthz  /readyz
Prometheus  /metrics
OpenAPI     /api/v1/openapi.json
`

/** Answers to plain requests. */
export class Routes {
  private readonly gate: Gate
  private readonly events: EventStreams
  private readonly told: Told
  private readonly ui: Ui

  constructor(gate: Gate, events: EventStreams, told: Told, ui: Ui) {
    this.gate = gate
    this.events = events
    this.told = told
    this.ui = ui
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    this.begin(request, response)
    const count = () => this.told.tally.answered(knownPath(this.gate.urlOf(request)), response.statusCode)
    // Event streams never end, so they are counted once their headers are sent.
    if (response.headersSent) count()
    else response.once('close', count)
  }

  private begin(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.setHeader('Vary', 'Origin')
    const origin = this.gate.allowedOrigin(request)
    if (origin !== undefined) response.setHeader('Access-Control-Allow-Origin', origin)
    if (request.method === 'OPTIONS' && origin !== undefined) {
      // CORS preflight: a page must send one before a request with a token in a header.
      response.setHeader('Access-Control-Allow-Headers', 'Authorization, Last-Event-ID')
      response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST')
      response.writeHead(204).end()
      return
    }
    const refused = this.route(request, response)
    if (refused !== undefined) send(response, refused.status, `${refused.message}\n`, PLAIN)
  }

  private route(request: IncomingMessage, response: ServerResponse): Refused | undefined {
    const url = this.gate.urlOf(request)
    if (url !== undefined && /^\/api(?:\/|$)/.test(url.pathname)) {
      void this.told.api.answer(request, response, url)
      return undefined
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      return { status: 405, message: 'GET or HEAD' }
    }
    if (url === undefined) return { status: 400, message: 'no URL' }
    const path = pathOf(url)
    const { told } = this
    // Health checks need no token.
    if (path === '/healthz') return state(response, told.illness())
    if (path === '/readyz') return state(response, told.illness() ?? told.unready())
    if (path === '/v2/sse' && request.method === 'GET') return this.events.begin(request, response)
    if (/^\/ui(?:\/|$)/.test(path)) return this.ui.answer(request, response, path, url)
    const refused = this.gate.mayAsk(request, url)
    if (refused !== undefined) return refused
    const example = examples[path]
    if (path === '/') send(response, 200, INDEX, PLAIN)
    else if (path === '/metrics') this.sendMetrics(response)
    else if (path === '/stats') send(response, 200, `${JSON.stringify(told.stats(), null, 2)}\n`)
    else if (path === '/latest.json')
      send(response, 200, `{"messages":[${told.recent.newest('certstream-lite').join(',')}]}\n`)
    else if (example !== undefined) send(response, 200, `${told.recent.newest(example, 1)[0] ?? '{}'}\n`)
    else if (webSocketPaths.includes(path)) {
      response.setHeader('Upgrade', 'websocket')
      return { status: 426, message: 'this is a WebSocket' }
    } else if (path !== '/v2/sse') return { status: 404, message: 'there is nothing here' }
    // HEAD of an endless event stream: only the headers.
    else send(response, 200, '', 'text/event-stream; charset=utf-8')
    return undefined
  }

  private sendMetrics(response: ServerResponse): void {
    const { metrics } = this.told
    metrics.text().then(
      (text) => send(response, 200, text, metrics.contentType),
      (error: unknown) => {
        this.told.onError(error)
        send(response, 500, 'the metrics could not be read\n', PLAIN)
      },
    )
  }
}

function state(response: ServerResponse, problem: string | undefined): undefined {
  const record = problem === undefined ? { status: 'ok' } : { status: 'failing', problem }
  send(response, problem === undefined ? 200 : 503, `${JSON.stringify(record)}\n`)
}

function send(response: ServerResponse, status: number, text: string, type = 'application/json; charset=utf-8'): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Cache-Control': 'no-store',
    'Content-Length': Buffer.byteLength(text),
  })
  // Node omits the body of an answer to HEAD.
  response.end(text)
}
