import { CtStreamError } from '../errors.js'
import { cutText, harmless } from '../util/harmless.js'
import type { SearchAddress } from './address.js'
import type { SearchConnection } from './connection.js'
import { ENTRY_FIELDS, PARKED_FIELDS, templates, typesOf } from './template.js'

/** What the engine says an index has, or would have. */
interface IndexFacts {
  readonly mappings?: { readonly properties?: unknown; readonly dynamic?: unknown }
  readonly settings?: { readonly index?: Readonly<Record<string, unknown>> }
}

/**
 * Makes the templates that are missing, and refuses indexes that would lose entries, or in which these could not be found.
 *
 * @throws {@link CtStreamError} `CT_SINK_FAILED`, naming the setting.
 */
export async function prepareIndexes(connection: SearchConnection, address: SearchAddress): Promise<void> {
  await checkServer(connection, address)
  const { prefix } = address
  for (const [name, body] of Object.entries(templates(address))) {
    const path = `/_index_template/${name}`
    // What is there stays as it is: it may have settings of its user.
    if ((await connection.send('look for the index template', { method: 'GET', path })) === undefined)
      await connection.send('make the index template', { method: 'PUT', path, body })
  }
  const sample = `${prefix}-entries-2013.03`
  const simulated = { method: 'POST', path: `/_index_template/_simulate_index/${sample}` } as const
  const { template } = (await connection.send('try the index template', simulated)) as { template?: IndexFacts }
  check(address, `what templates make of ${sample}`, template ?? {}, ENTRY_FIELDS)
  const query = { expand_wildcards: 'all', ignore_unavailable: true, allow_no_indices: true }
  for (const [pattern, fields] of [
    [`${prefix}-entries-*`, ENTRY_FIELDS],
    [`${prefix}-parked`, PARKED_FIELDS],
  ] as const) {
    const found = await connection.send('look at the indexes', { method: 'GET', path: `/${pattern}`, query })
    for (const [name, facts] of Object.entries((found ?? {}) as Record<string, IndexFacts>))
      check(address, `the index ${harmless(name)}`, facts, fields)
  }
  const path = `/_data_stream/${prefix}-entries-*`
  const { data_streams = [] } = ((await connection.send('look at the data streams', { method: 'GET', path })) ??
    {}) as {
    data_streams?: readonly { readonly name: string; readonly indices: readonly unknown[] }[]
  }
  for (const { name, indices } of data_streams)
    if (indices.length > 1)
      throw refused(
        address,
        `the data stream ${harmless(name)} has been rolled over, and would take a repeated entry twice: take rollover out of its policy, for there is one for each month`,
      )
}

async function checkServer(connection: SearchConnection, address: SearchAddress): Promise<void> {
  const { version = {} } = ((await connection.send('ask what the server is', { method: 'GET', path: '/' })) ?? {}) as {
    version?: { readonly number?: string; readonly distribution?: string }
  }
  const number = String(version.number ?? '')
  const [major = 0, minor = 0] = number.split('.').map(Number)
  const isOpenSearch = version.distribution === 'opensearch'
  if (isOpenSearch ? major >= 1 : major > 7 || (major === 7 && minor >= 9)) return
  const shown = cutText(harmless(number), 20)
  throw refused(
    address,
    `it is of version ${shown || 'unknown'}; Elasticsearch 7.9 and OpenSearch 1.0 are the oldest that will do`,
  )
}

function check(address: SearchAddress, what: string, facts: IndexFacts, fields: typeof ENTRY_FIELDS): void {
  const types = typesOf(facts.mappings?.properties)
  for (const [path, { type }] of Object.entries(fields)) {
    const found = types.get(path)
    if (found !== type)
      throw refused(
        address,
        `${what} maps ${path} as ${found === undefined ? 'nothing' : harmless(found)}: it must be ${type}; remove it, or use another prefix in the URL`,
      )
  }
  const { dynamic } = facts.mappings ?? {}
  if (dynamic === 'strict')
    throw refused(
      address,
      `${what} has dynamic: strict, and would refuse entries with a field of a later version: set it to false`,
    )
  const { translog } = (facts.settings?.index ?? {}) as { translog?: { durability?: unknown } }
  if (String(translog?.durability).toLowerCase() === 'async')
    throw refused(address, `${what} forgets what it acknowledged: set index.translog.durability to request`)
}

const refused = (address: SearchAddress, why: string) =>
  new CtStreamError('CT_SINK_FAILED', `cannot write to ${address.shown}: ${why}`)
