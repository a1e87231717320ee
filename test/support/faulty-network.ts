import { isIP, type LookupFunction } from 'node:net'
import { Agent, type Dispatcher } from 'undici'
import { UntrustedServer } from './untrusted-server.js'

/** Where a request goes instead of to its server: nobody listens there, its name has no address, its certificate is not trusted. */
export type Astray = 'refused' | 'no such host' | 'untrusted'

/** Loopback as a bad network: sends requests astray, soon gives up answers that stall, and knows what is under way. */
export class FaultyNetwork {
  /** Where a request goes; `undefined`: to its server. */
  astray: (url: string) => Astray | undefined = () => undefined
  /** How long nothing may come before an answer is given up, by the machine's time: sockets know no other. Milliseconds. */
  patienceMs: (url: string) => number = () => 5_000
  /** Requests so far. */
  requests = 0
  private readonly underWay = new Set<object>()
  private readonly agent = new Agent({ connect: { lookup: noSuchHost } })
  private readonly untrusted: UntrustedServer
  private onIdle: () => void = () => {}

  private constructor(untrusted: UntrustedServer) {
    this.untrusted = untrusted
  }

  static async open(): Promise<FaultyNetwork> {
    return new FaultyNetwork(await UntrustedServer.open())
  }

  /** Resolves when no answer is waited for. */
  async idle(): Promise<void> {
    while (this.underWay.size > 0)
      await new Promise<void>((resolve) => {
        this.onIdle = resolve
      })
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const url = `${options.origin}${options.path}`
    const watched = new WatchedAnswer(handler, this.patienceMs(url), () => {
      this.underWay.delete(watched)
      if (this.underWay.size === 0) this.onIdle()
    })
    this.requests++
    this.underWay.add(watched)
    const astray = this.astray(url)
    const origin = astray === undefined ? options.origin : this.placesAstray[astray]
    return this.agent.dispatch({ ...options, origin: origin as string }, watched)
  }

  async close(): Promise<void> {
    await this.agent.destroy()
    await this.untrusted.close()
  }

  private get placesAstray(): Record<Astray, string> {
    return { refused: 'http://127.0.0.1:1', 'no such host': 'http://ct.invalid', untrusted: this.untrusted.origin }
  }
}

/** As a resolver answers that knows no name. */
const noSuchHost: LookupFunction = (host, _options, callback) => {
  if (isIP(host)) throw new Error('an address is not looked up')
  const message = `getaddrinfo ENOTFOUND ${host}`
  callback(Object.assign(new Error(message), { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host }), '', 4)
}

/** Passes an answer on; gives it up when nothing comes for a while, with the error that undici has for it. */
class WatchedAnswer implements Dispatcher.DispatchHandler {
  private readonly handler: Dispatcher.DispatchHandler
  private readonly patienceMs: number
  private readonly onOver: () => void
  private controller: Dispatcher.DispatchController | undefined
  private began = false
  private timer: NodeJS.Timeout | undefined

  constructor(handler: Dispatcher.DispatchHandler, patienceMs: number, onOver: () => void) {
    this.handler = handler
    this.patienceMs = patienceMs
    this.onOver = onOver
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.controller = controller
    this.wait()
    this.handler.onRequestStart?.(controller, context)
  }

  onResponseStart(
    ...[controller, ...rest]: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>
  ): void {
    this.began = true
    this.wait()
    this.handler.onResponseStart?.(controller, ...rest)
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Buffer): void {
    this.wait()
    this.handler.onResponseData?.(controller, piece)
  }

  onResponseEnd(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseEnd']>>): void {
    this.over()
    this.handler.onResponseEnd?.(...args)
  }

  onResponseError(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseError']>>): void {
    this.over()
    this.handler.onResponseError?.(...args)
  }

  private wait(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      const [what, code] = this.began ? ['Body', 'UND_ERR_BODY_TIMEOUT'] : ['Headers', 'UND_ERR_HEADERS_TIMEOUT']
      this.controller?.abort(Object.assign(new Error(`${what} Timeout Error`), { code }))
    }, this.patienceMs)
  }

  private over(): void {
    clearTimeout(this.timer)
    this.onOver()
  }
}
