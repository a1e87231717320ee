import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

// The code reads as the data flows: a file imports from its own folder and from folders of strictly lower rank.
const RANKS: Record<string, number> = {
  'errors.ts': 0,
  'version.ts': 0,
  types: 0,
  util: 0,
  wire: 1,
  x509: 1,
  merkle: 1,
  http: 2,
  loglist: 2,
  // Starts and ends worker threads, whatever they do.
  threads: 1,
  pages: 2.5,
  logs: 3,
  poll: 4,
  decode: 4,
  verify: 4,
  filter: 4,
  // Asks `decode` whether it could read all names.
  watchlist: 4.2,
  // Splits names as the watchlist does.
  intelligence: 4.5,
  checkpoint: 4,
  stream: 5,
  // Single questions, for which there is no stream: uses its options and cursors.
  lookup: 5.5,
  'index.ts': 6,
  testing: 6,
  modules: 6,
  // The client of CertStream servers.
  certstream: 6,
  // Reads what streams and modules say of themselves.
  metrics: 6.2,
  server: 6.5,
  // For browsers: of the server only what its messages look like.
  page: 6.6,
  postgres: 5.6,
  kafka: 5.6,
  redis: 5.6,
  mongodb: 5.6,
  opensearch: 5.6,
  amqp: 5.6,
  nats: 5.6,
  // Engines that entries are written to, and read from again.
  sinks: 6,
  // What reads from engines again, for modules.
  processors: 6.1,
  // Several processes that write to one.
  cluster: 6.2,
  // Outputs are modules.
  outputs: 6.5,
  // Uses both `testing` and `modules`.
  'module-testing': 6.5,
  cli: 7,
}

/** Packages that only one place may import. */
const ONLY_IMPORTERS: Record<string, RegExp> = {
  commander: /^cli\/flags\//,
  'string-width': /^cli\/terminal\//,
  undici: /^http\//,
  'p-queue': /^http\//,
  'better-sqlite3': /^checkpoint\/sqlite/,
  '@opentelemetry/api': /^util\/tracing/,
  zod: /^(modules|outputs|server\/api)\//,
  'prom-client': /^metrics\//,
  nodemailer: /^outputs\//,
  ws: /^(certstream|server)\//,
  '@peculiar/asn1-x509': /^x509\//,
  '@peculiar/asn1-schema': /^x509\//,
  tldts: /^watchlist\//,
  preact: /^page\//,
  htm: /^page\//,
  uplot: /^page\//,
  pg: /^postgres\//,
  '@platformatic/kafka': /^kafka\//,
  redis: /^redis\//,
  mongodb: /^mongodb\//,
  '@opensearch-project/opensearch': /^opensearch\//,
  'rabbitmq-client': /^amqp\//,
  '@nats-io/jetstream': /^nats\//,
  '@nats-io/transport-node': /^nats\//,
}

interface Import {
  readonly from: string
  readonly to: string
  readonly typeOnly: boolean
}

const src = join(import.meta.dirname, '..', '..', 'src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const imports = files.flatMap(importsOf)
const internal = imports.filter((i) => files.includes(i.to))
const external = imports.filter((i) => !files.includes(i.to))

function importsOf(file: string): Import[] {
  const text = readFileSync(join(src, file), 'utf8')
  const statements = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)
  const dynamic = text.matchAll(/\b(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/g)
  return [
    ...[...statements].map((m) => ({ from: file, to: resolve(file, m[2] ?? ''), typeOnly: m[1] !== undefined })),
    ...[...dynamic].map((m) => ({ from: file, to: resolve(file, m[1] ?? ''), typeOnly: false })),
  ]
}

function resolve(file: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier
  return relative(src, join(src, dirname(file), specifier)).replace(/\.js$/, '.ts')
}

const place = (file: string) => file.split('/')[0] ?? ''
const rank = (file: string) => RANKS[place(file)]

describe('the layout of src', () => {
  it('has imports to look at', () => {
    expect(internal.length).toBeGreaterThan(50)
  })

  it('gives every file a rank', () => {
    expect(files.filter((file) => rank(file) === undefined)).toEqual([])
  })

  it('resolves every relative import', () => {
    expect(external.filter((i) => i.to.startsWith('.') || i.to.endsWith('.ts'))).toEqual([])
  })

  it('imports only its own folder and strictly lower ranks', () => {
    const wrong = internal.filter((i) => place(i.from) !== place(i.to) && (rank(i.to) ?? 99) >= (rank(i.from) ?? 0))
    // Rank 0 is one layer of record shapes, errors and helpers: it may look around within itself.
    expect(wrong.filter((i) => !(rank(i.from) === 0 && rank(i.to) === 0)).map((i) => `${i.from} -> ${i.to}`)).toEqual(
      [],
    )
  })

  it('keeps the reader out of what follows a log, and the composer out of both', () => {
    const composer = /^stream\/(ct-stream|engine|roster|committer|status)\.ts$/
    const wrong = internal.filter(
      ({ from, to }) =>
        (from.startsWith('stream/log/') && to.startsWith('stream/reader/')) ||
        (/^stream\/(log|reader)\//.test(from) && composer.test(to)),
    )
    expect(wrong.map((i) => `${i.from} -> ${i.to}`)).toEqual([])
  })

  it('keeps errors.ts free of the project, and types free of all but errors and types', () => {
    expect(internal.filter((i) => i.from === 'errors.ts')).toEqual([])
    const outside = internal.filter((i) => place(i.from) === 'types' && !['types', 'errors.ts'].includes(place(i.to)))
    expect(outside).toEqual([])
  })

  it('has no cycle', () => {
    const edges = new Map<string, string[]>()
    for (const i of internal) if (!i.typeOnly) edges.set(i.from, [...(edges.get(i.from) ?? []), i.to])
    const done = new Set<string>()
    const cycles: string[] = []
    const visit = (file: string, path: string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
      if (path.includes(file) || done.has(file)) return
      for (const next of edges.get(file) ?? []) visit(next, [...path, file])
      done.add(file)
    }
    for (const file of edges.keys()) visit(file, [])
    expect(cycles).toEqual([])
  })

  it('imports each special package in one place only', () => {
    const wrong = external.filter((i) => {
      if (i.typeOnly) return false // erased when built
      const name = Object.keys(ONLY_IMPORTERS).find((p) => i.to === p || i.to.startsWith(`${p}/`))
      return name !== undefined && !ONLY_IMPORTERS[name]?.test(i.from)
    })
    expect(wrong.map((i) => `${i.from} -> ${i.to}`)).toEqual([])
  })

  it('reads the process in cli/ only', () => {
    const readers = files.filter((file) => {
      const code = readFileSync(join(src, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
      // What the runtime is, is no setting of anybody's.
      return /(?<![.\w])process\.(?!versions\b)|node:process/.test(code)
    })
    // A program that is run has the environment of this one; all tests run with threads and without.
    expect(
      readers.filter((file) => !/^(cli\/|stream\/workers-option|checkpoint\/sqlite|outputs\/command)/.test(file)),
    ).toEqual([])
  })
})
