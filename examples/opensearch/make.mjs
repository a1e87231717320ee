// Writes saved-objects.ndjson: `node make.mjs`. Change searches and panels here, not there.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const entries = { id: 'ct-entries', type: 'index-pattern' }
const parked = { id: 'ct-parked', type: 'index-pattern' }
const columns = ['ct.names', 'x509.issuer.organization', 'x509.not_after', 'ct.log.description']

/** Searches: id, title, query in Lucene's syntax, and the pattern where it is another one. */
const searches = [
  ['ct-name', 'Certificates below a domain', 'ct.names_reversed:com.example OR ct.names_reversed:com.example.*'],
  ['ct-wildcards', 'Wildcard certificates', 'ct.names:\\*.*'],
  ['ct-long-lived', 'Certificates valid beyond a year from now', 'x509.not_after:[now+1y TO *]'],
  ['ct-problems', 'Entries that deviate from the standards', '_exists_:ct.problems'],
  ['ct-unparsable', 'Entries that are no certificate', 'ct.kind:unparsable'],
  ['ct-parked-all', 'Entries the server refused', '*', parked],
]

/** Panels: id, title, kind, and what is counted by. */
const panels = [
  [
    'ct-rate',
    'Entries by time',
    'histogram',
    { type: 'date_histogram', params: { field: '@timestamp', interval: 'auto' } },
  ],
  ['ct-issuers', 'Issuers', 'pie', terms('x509.issuer.organization')],
  ['ct-logs', 'Logs', 'pie', terms('ct.log.description')],
  ['ct-keys', 'Keys', 'pie', terms('x509.public_key_algorithm')],
  ['ct-validation', 'Validation', 'pie', terms('ct.validation')],
  ['ct-problem-codes', 'Problems', 'table', terms('ct.problems')],
]

function terms(field) {
  return { type: 'terms', params: { field, size: 10, order: 'desc', orderBy: '1' } }
}

const source = (query) =>
  JSON.stringify({
    query: { query, language: 'lucene' },
    filter: [],
    indexRefName: 'kibanaSavedObjectMeta.searchSourceJSON.index',
  })
const of = (pattern) => [{ ...pattern, name: 'kibanaSavedObjectMeta.searchSourceJSON.index' }]

const objects = [
  ...[entries, parked].map(({ id, type }) => ({
    id,
    type,
    attributes: { title: id === 'ct-entries' ? 'ct-entries-*' : id, timeFieldName: '@timestamp' },
    references: [],
  })),
  ...searches.map(([id, title, query, pattern = entries]) => ({
    id,
    type: 'search',
    attributes: {
      title,
      columns: pattern === entries ? columns : ['ct.log.description', 'ct.index', 'error.message'],
      sort: [['@timestamp', 'desc']],
      version: 1,
      kibanaSavedObjectMeta: { searchSourceJSON: source(query) },
    },
    references: of(pattern),
  })),
  ...panels.map(([id, title, kind, by]) => ({
    id,
    type: 'visualization',
    attributes: {
      title,
      visState: JSON.stringify({
        title,
        type: kind,
        params: { addLegend: true, addTooltip: true },
        aggs: [
          { id: '1', enabled: true, type: 'count', schema: 'metric', params: {} },
          { id: '2', enabled: true, schema: kind === 'table' ? 'bucket' : 'segment', ...by },
        ],
      }),
      uiStateJSON: '{}',
      version: 1,
      kibanaSavedObjectMeta: { searchSourceJSON: source('') },
    },
    references: of(entries),
  })),
  {
    id: 'ct-dashboard',
    type: 'dashboard',
    attributes: {
      title: 'Certificate Transparency',
      panelsJSON: JSON.stringify(
        panels.map(([id], i) => ({
          version: '7.10.0',
          panelIndex: id,
          panelRefName: `panel_${i}`,
          gridData: { i: id, x: (i % 2) * 24, y: Math.floor(i / 2) * 12, w: 24, h: 12 },
          embeddableConfig: {},
        })),
      ),
      optionsJSON: JSON.stringify({ useMargins: true }),
      timeRestore: true,
      timeFrom: 'now-24h',
      timeTo: 'now',
      version: 1,
      kibanaSavedObjectMeta: {
        searchSourceJSON: JSON.stringify({ query: { query: '', language: 'lucene' }, filter: [] }),
      },
    },
    references: panels.map(([id], i) => ({ id, name: `panel_${i}`, type: 'visualization' })),
  },
]

writeFileSync(
  join(import.meta.dirname, 'saved-objects.ndjson'),
  objects.map((one) => `${JSON.stringify(one)}\n`).join(''),
)
