import { createRequire } from 'node:module'

/**
 * The reason phrase of a status, from Node's table. Loaded when first needed: `node:http` loads all of Node's own `fetch`, and
 * `import 'ct-stream'` would take longer by it.
 */
export function statusPhrase(status: number): string | undefined {
  const { STATUS_CODES } = createRequire(import.meta.url)('node:http') as typeof import('node:http')
  return STATUS_CODES[status]
}
