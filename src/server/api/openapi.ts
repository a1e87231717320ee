import { z } from 'zod'
import { VERSION } from '../../version.js'
import type { Operation } from './operation.js'
import { Problem } from './schemas.js'

type Json = { readonly [key: string]: unknown }

export const API_PREFIX = '/api/v1'
/** Statuses that every operation can fail with. */
const commonProblems = [400, 401, 403, 500]
const problemMeaning: Readonly<Record<number, string>> = {
  400: 'A parameter is wrong.',
  401: 'A token is needed.',
  403: 'Pages of this origin, other machines, or a token that may only read, are not allowed.',
  404: 'There is no such thing.',
  500: 'It could not be answered.',
  501: 'The engine of this cluster does not have it: only Postgres has.',
  503: 'The database does not answer, or not in time.',
}

/** The OpenAPI 3.1 document of the operations. */
export function openApiOf(operations: readonly Operation[]): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const operation of operations) {
    const path = `${API_PREFIX}${operation.path}`
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: described(operation) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'ct-stream',
      version: VERSION,
      description:
        'What a server of ct-stream says of itself, and how it is paused. Without tokens it answers the machine it runs on alone.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { readToken: [] }, {}],
    tags: [{ name: 'server', description: 'The server and what it has read.' }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'One of --token or --api-token: scope admin.' },
        readToken: { type: 'http', scheme: 'bearer', description: 'One of --read-token: scope read.' },
      },
      schemas: componentsOf(operations),
    },
  }
}

function described({ method, name, summary, path, query, answer, problems = [] }: Operation): Json {
  const parameters = [...pathParameters(path), ...queryParameters(query)]
  const statuses = [...new Set([...commonProblems, ...problems])].sort()
  return {
    operationId: name,
    summary,
    tags: ['server'],
    ...(method === 'POST' && { security: [{ token: [] }, {}] }),
    ...(parameters.length > 0 && { parameters }),
    responses: {
      200: { description: 'What was asked for.', content: { 'application/json': { schema: reference(answer) } } },
      ...Object.fromEntries(
        statuses.map((status) => [
          status,
          {
            description: problemMeaning[status] ?? 'It failed.',
            content: { 'application/problem+json': { schema: reference(Problem) } },
          },
        ]),
      ),
    },
  }
}

function pathParameters(path: string): Json[] {
  if (!path.endsWith('{id}')) return []
  return [{ name: 'id', in: 'path', required: true, description: 'As the list has it.', schema: { type: 'string' } }]
}

function queryParameters(query: z.ZodType): Json[] {
  const { properties = {} } = z.toJSONSchema(query, { io: 'input' }) as { properties?: Record<string, Json> }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: false,
    ...(description !== undefined && { description }),
    schema,
  }))
}

const reference = (schema: z.ZodType): Json => ({ $ref: `#/components/schemas/${schema.meta()?.id}` })

/** Every schema that has a name, those within others included. */
function componentsOf(operations: readonly Operation[]): Json {
  const registry = z.registry<{ id: string }>()
  const add = (schema: z.ZodType): void => {
    const { id } = schema.meta() ?? {}
    if (id !== undefined && !registry.has(schema)) registry.add(schema, { ...schema.meta(), id })
    const { _zod: internals } = schema
    for (const part of partsOf(internals.def)) add(part)
  }
  for (const { answer } of operations) add(answer)
  add(Problem)
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => `#/components/schemas/${id}` })
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _, $id: __, id: ___, ...schema }]) => [id, schema]),
  )
}

function partsOf(def: object): z.ZodType[] {
  const { shape, element, innerType, options } = def as {
    shape?: Record<string, z.ZodType>
    element?: z.ZodType
    innerType?: z.ZodType
    options?: z.ZodType[]
  }
  const parts = [...Object.values(shape ?? {}), ...(options ?? []), element, innerType]
  return parts.filter((one) => one !== undefined)
}
