import type { SearchAddress } from './address.js'

/** A field, as the engine maps it. */
interface Field {
  readonly type: 'keyword' | 'date' | 'long' | 'boolean' | 'binary' | 'text'
  readonly ignore_above?: number
  readonly ignore_malformed?: boolean
}

// Longer values are kept and not searched: Lucene refuses a document with a term above 32,766 bytes.
const keyword: Field = { type: 'keyword', ignore_above: 1024 }
const date: Field = { type: 'date', ignore_malformed: true }
const long: Field = { type: 'long', ignore_malformed: true }
const boolean: Field = { type: 'boolean' }
const binary: Field = { type: 'binary' }

const name = (at: string) =>
  Object.fromEntries(
    [
      'distinguished_name',
      'common_name',
      'organization',
      'organizational_unit',
      'country',
      'state_or_province',
      'locality',
    ].map((field) => [`${at}.${field}`, keyword]),
  )

/** The fields of entries, by their paths. */
export const ENTRY_FIELDS: Readonly<Record<string, Field>> = {
  // A data stream allows nothing beside the type.
  '@timestamp': { type: 'date' },
  'event.kind': keyword,
  'event.type': keyword,
  'event.action': keyword,
  'event.dataset': keyword,
  'event.id': keyword,
  'event.created': date,
  'x509.serial_number': keyword,
  ...name('x509.subject'),
  ...name('x509.issuer'),
  'x509.not_before': date,
  'x509.not_after': date,
  'x509.alternative_names': keyword,
  'x509.public_key_algorithm': keyword,
  'x509.public_key_size': long,
  'x509.public_key_curve': keyword,
  'x509.public_key_exponent': long,
  'x509.signature_algorithm': keyword,
  'tls.server.hash.sha256': keyword,
  'tls.server.hash.sha1': keyword,
  'ct.log.id': keyword,
  'ct.log.description': keyword,
  'ct.log.operator': keyword,
  'ct.index': long,
  'ct.kind': keyword,
  'ct.leaf_hash': keyword,
  'ct.issuance_id': keyword,
  'ct.verified': boolean,
  'ct.historical': boolean,
  'ct.names': keyword,
  'ct.names_reversed': keyword,
  'ct.is_ca': boolean,
  'ct.validation': keyword,
  'ct.key_usage': keyword,
  'ct.extended_key_usage': keyword,
  'ct.problems': keyword,
  'ct.der': binary,
  'ct.leaf_input': binary,
}

/** The fields of parked entries. */
export const PARKED_FIELDS: Readonly<Record<string, Field>> = {
  '@timestamp': { type: 'date' },
  'ct.log.id': keyword,
  'ct.log.description': keyword,
  'ct.log.operator': keyword,
  'ct.log.url': keyword,
  'ct.index': long,
  'ct.kind': keyword,
  'ct.leaf_hash': keyword,
  'error.message': { type: 'text' },
}

/** Paths as the tree of a mapping. */
function properties(fields: Readonly<Record<string, Field>>) {
  const tree: Record<string, unknown> = {}
  for (const [path, field] of Object.entries(fields)) {
    const steps = path.split('.')
    let at = tree
    for (const step of steps.slice(0, -1)) {
      at[step] ??= { properties: {} }
      at = (at[step] as { properties: Record<string, unknown> }).properties
    }
    at[steps.at(-1) ?? ''] = field
  }
  return tree
}

/** Each field of a mapping by its path, with its type. */
export function typesOf(tree: unknown, before = ''): ReadonlyMap<string, string> {
  const types = new Map<string, string>()
  for (const [name, field] of Object.entries((tree ?? {}) as Record<string, { type?: string; properties?: unknown }>)) {
    if (field.properties === undefined) types.set(`${before}${name}`, String(field.type))
    else for (const [path, type] of typesOf(field.properties, `${before}${name}.`)) types.set(path, type)
  }
  return types
}

/** The index templates, by their names: a data stream of entries for each month, an index of parked ones. */
export function templates({ prefix, replicas, shards }: Pick<SearchAddress, 'prefix' | 'replicas' | 'shards'>) {
  const base = { priority: 500, _meta: { made_by: 'ct-stream' } }
  const settings = { number_of_shards: shards, number_of_replicas: replicas }
  // Unknown fields are kept and not mapped, so that no document makes a mapping grow.
  const mappings = (fields: typeof ENTRY_FIELDS) => ({ dynamic: false, properties: properties(fields) })
  return {
    [`${prefix}-entries`]: {
      ...base,
      index_patterns: [`${prefix}-entries-*`],
      data_stream: {},
      template: {
        settings: { ...settings, codec: 'best_compression', refresh_interval: '5s' },
        mappings: mappings(ENTRY_FIELDS),
      },
    },
    [`${prefix}-parked`]: {
      ...base,
      index_patterns: [`${prefix}-parked`],
      template: { settings: { ...settings, number_of_shards: 1 }, mappings: mappings(PARKED_FIELDS) },
    },
  }
}
