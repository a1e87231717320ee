import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ApiWorld } from './api/operation.js'
import { ApiProblem, problemJson } from './api/problem.js'
import type { Gate } from './gate.js'

export interface ApiDoorOptions {
  readonly gate: Pick<Gate, 'mayManage'>
  readonly world: ApiWorld
  /** Called with each error that is answered as status 500. */
  readonly onError: (error: unknown) => void
}

/** Checks who may use the API. Loads the code that answers with the first permitted request. */
export class ApiDoor {
  private readonly options: ApiDoorOptions

  constructor(options: ApiDoorOptions) {
    this.options = options
  }

  /** Always answers, if only with an error. */
  async answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    try {
      const refused = this.options.gate.mayManage(request, url)
      if (refused !== undefined) throw new ApiProblem(refused.status, refused.message)
      const { answerApi } = await import('./api/router.js')
      send(response, 200, 'application/json', await answerApi(this.options.world, request.method ?? '', url))
    } catch (error) {
      const isKnown = error instanceof ApiProblem
      if (!isKnown) this.options.onError(error)
      const [status, detail] = isKnown ? [error.status, error.message] : [500, 'see the log of the server']
      if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="ct-stream"')
      if (status === 405) response.setHeader('Allow', detail.replace(/^use /, ''))
      send(response, status, 'application/problem+json', problemJson(status, detail))
    }
  }
}

function send(response: ServerResponse, status: number, type: string, record: object): void {
  const text = `${JSON.stringify(record)}\n`
  response.writeHead(status, {
    'Content-Type': type,
    'Cache-Control': 'no-store',
    'Content-Length': Buffer.byteLength(text),
  })
  response.end(text)
}
