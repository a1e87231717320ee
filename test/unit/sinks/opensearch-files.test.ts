import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ENTRY_FIELDS, PARKED_FIELDS, templates, typesOf } from '../../../src/opensearch/template.js'
import { entryDocument, parkedDocument } from '../../../src/sinks/entry-document.js'
import { CERTIFICATE_SHAPES, issueCertificates } from '../../../src/testing/index.js'
import { backfill, logOf } from '../../support/logs.js'

const folder = join(import.meta.dirname, '..', '..', '..', 'examples', 'opensearch')

describe('the files for OpenSearch', () => {
  it('contain the templates that the sink creates', () => {
    const file = JSON.parse(readFileSync(join(folder, 'index-templates.json'), 'utf8'))
    expect(file).toEqual(JSON.parse(JSON.stringify(templates({ prefix: 'ct', replicas: 1, shards: 1 }))))
  })

  it('refer to no object that is missing', () => {
    const lines = readFileSync(join(folder, 'saved-objects.ndjson'), 'utf8').trim().split('\n')
    const objects = lines.map((line) => JSON.parse(line))
    const known = objects.map(({ type, id }) => `${type}/${id}`)
    expect(new Set(known).size).toBe(known.length)
    for (const { references } of objects)
      for (const { type, id } of references) expect(known).toContain(`${type}/${id}`)
  })
})

/** Each field of a document by its path; lists count as one. */
function pathsOf(value: object, before = ''): string[] {
  return Object.entries(value).flatMap(([name, field]) => {
    if (field === undefined) return []
    const isTree = typeof field === 'object' && field !== null && !Array.isArray(field) && !(field instanceof Date)
    return isTree ? pathsOf(field, `${before}${name}.`) : [`${before}${name}`]
  })
}

describe('the mapping', () => {
  it('has every field that a document has, and none that no document has', async () => {
    const log = await logOf(0)
    log.add([...issueCertificates(4 * CERTIFICATE_SHAPES.length, { sign: false, seed: 'mapping' })])
    log.add([{ leafInput: Uint8Array.of(0, 0, 1), extraData: new Uint8Array(0) }])
    log.publish()
    const found = new Set<string>()
    const parked = new Set<string>()
    for await (const page of backfill(log).batches())
      for (const certificate of page) {
        for (const path of pathsOf(entryDocument(certificate, 0, { der: true, problems: true }))) found.add(path)
        for (const path of pathsOf(parkedDocument(certificate, 0, 'why'))) parked.add(path)
      }
    expect([...found].filter((path) => !(path in ENTRY_FIELDS))).toEqual([])
    expect([...parked].sort()).toEqual(Object.keys(PARKED_FIELDS).sort())
    // Attributes that no test certificate has.
    const rare = /^x509\.(subject|issuer)\.|^ct\.validation$/
    expect(Object.keys(ENTRY_FIELDS).filter((path) => !found.has(path) && !rare.test(path))).toEqual([])
  })

  it('is parsed back to what it was generated from', () => {
    const { template } = templates({ prefix: 'ct', replicas: 1, shards: 1 })['ct-entries'] ?? {}
    const types = typesOf(template?.mappings.properties)
    expect(Object.fromEntries(types)).toEqual(
      Object.fromEntries(Object.entries(ENTRY_FIELDS).map(([path, { type }]) => [path, type])),
    )
  })
})
