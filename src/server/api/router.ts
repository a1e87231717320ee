import { z } from 'zod'
import { CtStreamError } from '../../errors.js'
import { harmless } from '../../util/harmless.js'
import { API_PREFIX, openApiOf } from './openapi.js'
import type { ApiWorld, Operation } from './operation.js'
import { operations } from './operations.js'
import { ApiProblem } from './problem.js'

/** Longest excerpt of a query in an error, characters. */
const MAX_DETAIL = 500

/**
 * Answers a permitted request to the API.
 *
 * @param method - HEAD is answered as GET.
 * @throws {@link ApiProblem}
 */
export async function answerApi(world: ApiWorld, method: string, url: URL): Promise<object> {
  const path = url.pathname.slice(API_PREFIX.length).replace(/\/$/, '')
  const asked = method === 'HEAD' ? 'GET' : method
  if (path === '/openapi.json' && asked === 'GET') return openApiOf(operations)
  const found = operations.flatMap((operation) => {
    const id = idOf(operation, path)
    return id === undefined ? [] : [{ operation, id }]
  })
  if (found.length === 0) throw new ApiProblem(404, 'there is nothing here; see /api/v1/openapi.json')
  const match = found.find(({ operation }) => operation.method === asked)
  if (match === undefined) throw new ApiProblem(405, `use ${found.map(({ operation }) => operation.method).join(', ')}`)
  const { operation, id } = match
  const query = queryOf(operation.query, url.searchParams)
  try {
    return operation.answer.parse(await operation.run({ world, query, id })) as object
  } catch (error) {
    if (CtStreamError.is(error) && error.code === 'CT_OPTION_INVALID')
      throw new ApiProblem(400, harmless(error.message).slice(0, MAX_DETAIL))
    if (CtStreamError.is(error) && error.code === 'CT_SINK_FAILED')
      throw new ApiProblem(503, 'the database does not answer, or not in time')
    throw error
  }
}

/** The text in the place of `{id}`; empty for a path without one; `undefined` when the path does not match. */
function idOf({ path: template }: Operation, path: string): string | undefined {
  if (!template.endsWith('{id}')) return path === template ? '' : undefined
  const start = template.slice(0, -'{id}'.length)
  if (!path.startsWith(start) || path.length === start.length) return undefined
  try {
    return decodeURIComponent(path.slice(start.length))
  } catch {
    return undefined
  }
}

/** Converts text to the schema's types: numbers, and lists of repeated parameters. */
function queryOf(schema: z.ZodType, given: URLSearchParams): unknown {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' }) as {
    properties?: Record<string, { readonly type?: string }>
  }
  const query: Record<string, unknown> = {}
  for (const name of new Set(given.keys())) {
    if (name === 'token') continue
    const values = given.getAll(name)
    const type = Object.hasOwn(properties, name) ? properties[name]?.type : undefined
    if (values.length > 1 && type !== 'array') throw new ApiProblem(400, `${shown(name)} is given more than once`)
    const [value = ''] = values
    query[name] = type === 'array' ? values : type === 'integer' && /^\d{1,15}$/.test(value) ? Number(value) : value
  }
  const { success, data, error } = schema.safeParse(query)
  if (success) return data
  const [issue] = error.issues
  const where = issue?.path.join('.')
  throw new ApiProblem(400, shown(`${where ? `${where}: ` : ''}${issue?.message}`))
}

const shown = (text: string): string => harmless(text).slice(0, MAX_DETAIL)
