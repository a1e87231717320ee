import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { CtStreamError } from '../errors.js'
import type { Exposition } from '../metrics/exposition.js'
import type { ModuleRun } from '../modules/run-modules.js'
import { quietController } from '../util/abort.js'
import { boundByAddress } from './address-bound.js'
import type { ApiWorld } from './api/operation.js'
import { ApiDoor } from './api-door.js'
import { type Backlog, MemoryBacklog } from './backlog.js'
import { Connections } from './connections.js'
import { EventStreams } from './event-streams.js'
import { Gate } from './gate.js'
import { Health } from './health.js'
import { KeptEntries } from './kept-entries.js'
import { changeCertificate, connectionsPerAddress, createListener, listen } from './listener.js'
import { type ServerOptions, type ServerSettings, type ServerTls, serverSettings, tlsOption } from './options.js'
import { asksForWebSocket, OtherUpgrades } from './other-upgrades.js'
import { Pause } from './pause.js'
import { RecentFindings } from './recent-findings.js'
import { RecentMessages } from './recent-messages.js'
import { RecentRecords } from './records.js'
import { Routes } from './routes.js'
import type { ServedPage } from './served-page.js'
import { expositionOf } from './server-exposition.js'
import { serverFigures } from './server-figures.js'
import { readSource, type SourceReaderOptions, servedBatches } from './source-reader.js'
import { StreamFigures } from './stream-figures.js'
import { Ui } from './ui/ui.js'
import { UnfinishedAnswers } from './unfinished-answers.js'
import { WebSockets } from './web-sockets.js'

/** A server of certificates. */
export interface CtServer extends AsyncDisposable {
  /**
   * Opens the file of kept entries, listens, and begins to read the source. May be called once.
   *
   * @returns Port and URL it listens on.
   * @throws {@link CtStreamError} `CT_OPTION_INVALID` when it cannot listen there; `CT_CACHE_UNUSABLE`, `CT_PEER_MISSING` for the file;
   * `CT_CLOSED` when it was closed, or listens already. After an error the server is closed.
   */
  listen(): Promise<{ readonly port: number; readonly url: string }>
  /**
   * Resolves when the server is closed. Rejects when reading fails: with what the source threw, or `CT_CACHE_UNUSABLE` when entries cannot be
   * kept. Clients stay connected then, and also after the end of the source; `/healthz` reports the problem.
   */
  readonly done: Promise<void>
  /** Clients connected now. */
  readonly clients: number
  /**
   * Takes up a renewed certificate and its key: new connections are served with them, open ones stay. May be called at any time.
   *
   * @throws {@link CtStreamError} `CT_OPTION_INVALID` when they cannot be used or do not fit together, or when the server was made without TLS;
   * it then goes on with those it has.
   */
  setTls(tls: ServerTls): void
  /**
   * Stops listening, closes the connections of clients (1001), closes the source, and releases the file. Takes up to 3 seconds, or longer if
   * the source does not stop. Idempotent.
   */
  close(): Promise<void>
}

/** How long clients have to close their connections, and the source to end, milliseconds. */
const PARTING_MS = 1000
const SOURCE_MS = 2000

/**
 * Makes a server that sends what a source delivers to every client: over WebSockets like CertStream servers (`/`, `/full-stream`,
 * `/domains-only`) or in our own format (`/v2/stream`), and as Server-Sent Events (`/v2/sse`). It keeps sent messages for a while, so that a
 * client that reconnects can resume. See examples/serve for paths and messages.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` at once, naming the option.
 * @example
 * const server = createServer({ source: ctStream(), port: 8080 })
 * await server.listen()
 */
export function createServer(options: ServerOptions): CtServer {
  return new Serving(serverSettings(options))
}

class Serving implements CtServer {
  readonly done: Promise<void>
  private readonly settings: ServerSettings
  private readonly connections: Connections
  private readonly gate: Gate
  private readonly http: Server
  private readonly over = quietController()
  private readonly pause = new Pause()
  private settle: { resolve(): void; reject(error: unknown): void } = { resolve() {}, reject() {} }
  private reading: Promise<void> = Promise.resolve()
  private backlog: Backlog | undefined
  private modules: ModuleRun | undefined
  private ui: Ui | undefined
  private webSockets: WebSockets | undefined
  private readonly others = new OtherUpgrades()
  private opening: Promise<unknown> | undefined
  private closing: Promise<void> | undefined

  constructor(settings: ServerSettings) {
    this.settings = settings
    this.connections = new Connections(settings)
    this.gate = new Gate(settings, this.connections)
    this.http = createListener(settings)
    boundByAddress(this.http, connectionsPerAddress(settings), this.gate.addresses)
    this.done = new Promise((resolve, reject) => {
      this.settle = { resolve, reject }
    })
    // No unhandled rejection: `/healthz` reports the failure too.
    this.done.catch(() => {})
  }

  get clients(): number {
    return this.connections.size
  }

  setTls(tls: ServerTls): void {
    changeCertificate(this.http, tlsOption(tls))
  }

  async listen(): Promise<{ readonly port: number; readonly url: string }> {
    if (this.closing !== undefined || this.opening !== undefined)
      throw new CtStreamError('CT_CLOSED', 'a server can listen once, before close()')
    const opening = this.open()
    this.opening = opening
    try {
      return await opening
    } catch (error) {
      await this.close()
      throw error
    }
  }

  close(): Promise<void> {
    this.closing ??= this.shut()
    return this.closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private async open() {
    const { settings, connections, gate, http } = this
    const { keep, clock, source } = settings
    const onDamaged = (error: CtStreamError) =>
      settings.logger.error('entries that were kept cannot be read', { error })
    const backlog =
      keep === false ? new MemoryBacklog() : await KeptEntries.open({ ...keep, now: clock.now, onDamaged })
    this.backlog = backlog
    const recent = new RecentMessages()
    const findings = new RecentFindings()
    const figures = new StreamFigures(connections)
    const { pause } = this
    const health = new Health({ settings, pause })
    const parts = { connections, backlog, figures, health, pause }
    const store = settings.store ?? new RecentRecords(source, clock.now)
    const onError = (error: unknown) => settings.logger.error('a request could not be answered', { error })
    const world: ApiWorld = {
      ...{ ...parts, source, store, findings, startedAt: clock.now(), cluster: settings.cluster },
      modules: () => this.modules?.status(),
    }
    const exposition = await expositionOf(source, () => serverFigures(parts), settings)
    const events = new EventStreams(settings, gate, connections, backlog)
    const ui = new Ui(gate, backlog, {
      source,
      clock,
      clients: () => connections.size,
      problem: () => health.illness() ?? health.unready(),
    })
    this.ui = ui
    const told = {
      recent,
      stats: () => figures.stats(),
      metrics: exposition,
      tally: connections.tally,
      api: new ApiDoor({ gate, world, onError }),
      onError,
      illness: () => health.illness(),
      unready: () => health.unready(),
    }
    const routes = new Routes(gate, events, told, ui)
    const webSockets = new WebSockets(settings, gate, connections, backlog)
    this.webSockets = webSockets
    const answers = new UnfinishedAnswers()
    const answer = (request: IncomingMessage, response: ServerResponse) => {
      if (answers.begin(response)) routes.answer(request, response)
    }
    http.on('request', answer)
    // Node's own answers to an unknown `Expect` would not be counted.
    http.on('checkExpectation', (_request, response) => {
      if (answers.begin(response)) response.writeHead(417).end()
    })
    http.on('timeout', (socket) => answers.onTimeout(socket))
    http.on('upgrade', (request, socket, head) => {
      if (asksForWebSocket(request)) return webSockets.upgrade(request, socket, head)
      const response = this.others.responseTo(request, socket)
      if (response === undefined) return
      socket.on('timeout', () => answers.onTimeout(request.socket))
      answer(request, response)
    })
    const place = await listen(http, settings)
    connections.watch(this.over.signal, (nextMs) => health.tick(nextMs))
    const publish = (page: ServedPage) => {
      health.read()
      figures.add(page)
      if (page.entries[0]?.finding === undefined) recent.add(page)
      else findings.add(backlog.series, page)
      ui.feed.add(page)
      connections.publish(page)
    }
    const { done } = await this.read({ source, backlog, clock, signal: this.over.signal, pause, publish }, exposition)
    this.reading = done.then(
      () => health.ended(),
      (error: unknown) => {
        if (this.over.signal.aborted) return
        health.failed(error)
        settings.logger.error('nothing more is read', { error })
        this.settle.reject(error)
      },
    )
    return place
  }

  /** Begins to read, through the modules if there are any. @returns Settles when reading has ended. */
  private async read(options: SourceReaderOptions, exposition: Exposition): Promise<{ readonly done: Promise<void> }> {
    const { settings } = this
    if (settings.modules.length === 0) return { done: readSource(options) }
    const { runOnServer } = await import('./module-reader.js')
    const batches = () => servedBatches(options)
    this.modules = runOnServer({ ...options, settings, batches })
    exposition.attachModules(this.modules)
    return this.modules
  }

  private async shut(): Promise<void> {
    await this.opening?.catch(() => {})
    const { http, connections, settings } = this
    const { clock, source } = settings
    const isShut = new Promise<void>((resolve) => http.close(() => resolve()))
    http.closeIdleConnections()
    connections.goAway()
    this.ui?.feed.goAway()
    this.over.abort()
    // With modules the source stays open until they have finished their work: a closed source cannot acknowledge it.
    const closed = Promise.resolve(this.modules === undefined ? source.close?.() : this.modules.stop()).catch(() => {})
    const patience = quietController()
    await Promise.race([isShut, clock.sleep(PARTING_MS, patience.signal).catch(() => {})])
    connections.cut()
    this.webSockets?.cut()
    this.others.cut()
    http.closeAllConnections()
    await Promise.race([Promise.all([closed, this.reading]), clock.sleep(SOURCE_MS, patience.signal).catch(() => {})])
    patience.abort()
    this.backlog?.close()
    this.settle.resolve()
  }
}
