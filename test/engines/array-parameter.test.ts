import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ArrayParameter, elements } from '../../src/postgres/array-parameter.js'
import { noPostgres, type TestDatabase, testDatabase } from './database.js'

const optional = <T>(value: fc.Arbitrary<T>) => fc.array(fc.option(value, { nil: undefined }), { maxLength: 20 })
const columns = fc.record({
  boolean: optional(fc.boolean()),
  smallint: optional(fc.integer({ min: -32_768, max: 32_767 })),
  integer: optional(fc.integer()),
  bigint: optional(fc.maxSafeInteger()),
  timestamptz: optional(
    fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
  ),
  text: optional(fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', ''))),
  bytea: optional(fc.uint8Array()),
  hex: optional(fc.uint8Array({ maxLength: 5000 }).map((bytes) => Buffer.from(bytes).toString('hex'))),
})
type Kind = keyof typeof elements

function parameterOf(kind: Kind, values: readonly unknown[]) {
  const array = new ArrayParameter(elements[kind] as (typeof elements)['text'])
  for (const value of values) array.add(value as string | undefined)
  return array.value()
}

/** A value as the server writes it. */
const shown: Partial<Record<Kind, (value: never) => string>> = {
  boolean: (value: boolean) => (value ? 't' : 'f'),
  timestamptz: (value: Date) => String(value.getTime()),
  bytea: (value: Uint8Array) => `\\x${Buffer.from(value).toString('hex')}`,
  hex: (value: string) => `\\x${value}`,
}

describe.skipIf(noPostgres)('an array parameter', () => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await testDatabase()
  })
  afterAll(() => db.remove())

  it('is received by the server as it was added', async () => {
    const property = fc.asyncProperty(columns, async (given) => {
      for (const kind of Object.keys(elements) as Kind[]) {
        const type = kind === 'hex' ? 'bytea' : kind
        const value = kind === 'timestamptz' ? '(extract(epoch FROM value) * 1000)::bigint' : 'value'
        const rows = await db.query<{ found: string | null }>(
          `SELECT format('%s', ${value}) AS found, value IS NULL AS none FROM unnest($1::${type}[]) AS value`,
          [parameterOf(kind, given[kind])],
        )
        const show = (shown[kind] ?? String) as (value: unknown) => string
        expect(rows).toEqual(
          given[kind].map((one) => ({ found: one === undefined ? '' : show(one), none: one === undefined })),
        )
      }
    })
    await fc.assert(property, { numRuns: 50 })
  })
})
