// Writes examples/serve/api.md from the OpenAPI document of the built package: `npx tsup --silent && node test/generate/api-reference.mjs`.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const names = (schema) => schema.$ref?.split('/').at(-1)

/** A schema in a few words. */
function typeOf(schema) {
  const name = names(schema)
  if (name !== undefined) return `[${name}](#${name.toLowerCase()})`
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ')
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${one}\``).join(', ')
  if (schema.type === 'array') return `list of ${typeOf(schema.items)}`
  if (schema.format === 'date-time') return 'time'
  return [schema.type ?? 'anything'].flat().join(' or ')
}

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

function table(rows, ...titles) {
  return [titles, titles.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')
}

function bounds({ minimum, maximum, maxLength, default: usual }) {
  const range = minimum === undefined || Math.abs(maximum) > 1e9 ? [] : [`${minimum} to ${maximum}`]
  const length = maxLength === undefined ? [] : [`${maxLength} characters at most`]
  const given = usual === undefined || Array.isArray(usual) ? [] : [`default ${usual}`]
  return [...range, ...length, ...given].join(', ')
}

function operationText(path, method, { summary, parameters = [], responses }) {
  const answer = typeOf(responses[200].content['application/json'].schema)
  const rows = parameters.map(({ name, in: where, description = '', schema }) => [
    `\`${name}\``,
    where,
    typeOf(schema),
    [description, bounds(schema)].filter(Boolean).join('; '),
  ])
  return [
    `### ${method.toUpperCase()} ${path}`,
    summary,
    ...(rows.length === 0 ? [] : [table(rows, 'parameter', 'in', 'type', '')]),
    `Answers ${answer}.`,
  ].join('\n\n')
}

function properties({ properties = {} }, prefix = '') {
  return Object.entries(properties).flatMap(([name, schema]) => [
    [`\`${prefix}${name}\``, typeOf(schema), schema.description ?? ''],
    ...ofUnnamed(schema, `${prefix}${name}.`),
  ])
}

/** Of objects without a name of their own. */
function ofUnnamed(schema, prefix) {
  return schema.type === 'object' ? properties(schema, prefix) : []
}

/** The document as Markdown. */
export function referenceOf({ info, paths, components }) {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationText(path, method, operation)),
  )
  const schemas = Object.entries(components.schemas)
    .filter(([name]) => !name.endsWith('Page'))
    .map(([name, schema]) => `### ${name}\n\n${schema.description}\n\n${table(properties(schema), 'key', 'type', '')}`)
  return `# /api/v1

<!-- Made by test/generate/api-reference.mjs from /api/v1/openapi.json. -->

${info.description} With tokens: \`Authorization: Bearer …\`, one of \`--token\` or \`--api-token\` (scope admin), or of \`--read-token\` (scope read: GET).

Lists are \`{ "items": […], "next": … }\`: \`?after=\` with \`next\` asks for the next page, \`null\` says that there is none. What is not known is \`null\`.
What goes wrong is answered as [Problem](#problem) with the type \`application/problem+json\`: 400 for a wrong parameter, 401 without a token, 403 for other
machines and origins, 404, 405.

## Operations

${operations.join('\n\n')}

## Answers

${schemas.join('\n\n')}
`
}

if (process.argv[1] === import.meta.filename) {
  const { createServer } = await import('../../dist/server.js')
  const server = createServer({ source: (async function* () {})(), port: 0, keep: false })
  const { url } = await server.listen()
  const document = await (await fetch(`${url}api/v1/openapi.json`)).json()
  await server.close()
  writeFileSync(join(import.meta.dirname, '../../examples/serve/api.md'), referenceOf(document))
}
