import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { expect } from 'vitest'

interface Document {
  readonly paths: Record<string, Record<string, { readonly responses: Record<string, Answer> }>>
}
interface Answer {
  readonly content: Record<string, { readonly schema: { readonly $ref: string } }>
}

/** Asks a server as its OpenAPI document says, and holds every answer against it, by another library than made it. */
export class ApiClient {
  readonly document: Document
  private readonly url: string
  private readonly headers: Record<string, string>
  private readonly ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })

  private constructor(url: string, headers: Record<string, string>, document: Document) {
    this.url = url
    this.headers = headers
    this.document = document
    this.ajv.addSchema({ $id: 'api', ...document })
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<ApiClient> {
    const answer = await fetch(`${url}api/v1/openapi.json`, { headers })
    expect(answer.status).toBe(200)
    return new ApiClient(url, headers, (await answer.json()) as Document)
  }

  /**
   * @param template - As the document has the path, below `/api/v1`.
   * @param rest - What stands for `{id}`, and the query.
   */
  async ask<T = Record<string, unknown>>(
    template: string,
    rest: { readonly id?: string; readonly query?: string; readonly method?: 'get' | 'post' } = {},
  ): Promise<{ readonly status: number; readonly body: T }> {
    const { id = '', query = '', method = 'get' } = rest
    const path = template.replace('{id}', encodeURIComponent(id))
    const { headers } = this
    const answer = await fetch(`${this.url}api/v1${path}${query}`, { headers, method: method.toUpperCase() })
    const { status } = answer
    const type = answer.headers.get('content-type') ?? ''
    const body: unknown = await answer.json()
    const described = this.document.paths[`/api/v1${template}`]?.[method]?.responses[status]?.content[type]
    expect(described, `${method} ${template} answers ${status} ${type}`).toBeDefined()
    const check = this.ajv.getSchema(`api${described?.schema.$ref}`) as ValidateFunction
    expect(check(body) ? [] : check.errors).toEqual([])
    return { status, body: body as T }
  }
}
