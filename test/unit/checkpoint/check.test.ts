import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadedRows, rowToKeep } from '../../../src/checkpoint/check.js'
import { CtStreamError } from '../../../src/errors.js'
import { errorOf } from './contract.js'
import { checkpoint, head } from './samples.js'

const load = (row: unknown) => loadedRows([row], 'the checkpoint store')
const through = (value: unknown) => JSON.parse(JSON.stringify(value))
const flipped = (bytes: Uint8Array) => bytes.map((byte, i) => (i === 7 ? byte ^ 0x10 : byte))

const row = checkpoint(1, 11)
const { log, range = [], verifiedHead = head(1), pendingHeads } = row

describe('a row that a store returns', () => {
  it('is accepted as it was committed, with null for absent fields, and with Buffers', () => {
    expect(load(row)).toEqual([row])
    const bare = checkpoint(2, 5, { range: undefined, verifiedHead: undefined, pendingHeads: [] })
    expect(load({ ...bare, range: null, verifiedHead: null })).toEqual([bare])
    const [loaded] = load({ ...row, range: range.map((hash) => Buffer.from(hash)) })
    expect(loaded).toEqual(row)
    expect(Object.getPrototypeOf(loaded?.range?.[0])).toBe(Uint8Array.prototype)
  })

  it('is accepted without a checksum, as earlier versions wrote it, and gets one when it is kept again', () => {
    const { checksum, ...before } = row
    expect(load(before)).toEqual([before])
    expect(load({ ...before, checksum: null })).toEqual([before])
    expect(rowToKeep(before).checksum).toBe(checksum)
  })

  const damaged: readonly (readonly [string, string, unknown])[] = [
    ['a whole row through JSON', 'range[0]', through(row)],
    ['a range through JSON', 'range[0]', { ...row, range: through(range) }],
    ['a range through JSON as one object', 'range', { ...row, range: { 0: range[0] } }],
    ['a verified head through JSON', 'verifiedHead.signature', { ...row, verifiedHead: through(verifiedHead) }],
    ['a position one further', 'range', { ...row, position: 12 }],
    ['a position one further with as many subtrees', 'checksum', { ...row, position: 13 }],
    ['a position of another row', 'range', { ...row, position: 0 }],
    ['no position', 'position', { ...row, position: undefined }],
    ['a position as text', 'position', { ...row, position: '11' }],
    ['a position as bigint', 'position', { ...row, position: 11n }],
    ['a position of 2^53', 'position', { ...row, position: 2 ** 53 }],
    ['a position that is negative', 'position', { ...row, position: -1 }],
    ['a flipped bit of the range', 'checksum', { ...row, range: [flipped(range[0] as Uint8Array), ...range.slice(1)] }],
    ['a short hash', 'range[1]', { ...row, range: [range[0], range[1]?.subarray(1), range[2]] }],
    ['two hashes exchanged', 'checksum', { ...row, range: [range[1], range[0], range[2]] }],
    ['a hash too many', 'range', { ...row, range: [...range, range[0]] }],
    ['a range where there was one', 'checksum', { ...row, range: undefined }],
    [
      'a flipped bit of the verified root',
      'checksum',
      { ...row, verifiedHead: { ...verifiedHead, rootHash: flipped(verifiedHead.rootHash) } },
    ],
    ['a larger verified head', 'checksum', { ...row, verifiedHead: { ...verifiedHead, treeSize: 22 } }],
    ['a verified head that is text', 'verifiedHead', { ...row, verifiedHead: 'head' }],
    [
      'a signature of 70,000 bytes',
      'verifiedHead.signature',
      { ...row, verifiedHead: { ...verifiedHead, signature: new Uint8Array(70_000) } },
    ],
    [
      'a time that is a Date',
      'verifiedHead.timestamp',
      { ...row, verifiedHead: { ...verifiedHead, timestamp: new Date() } },
    ],
    ['a pending head less', 'checksum', { ...row, pendingHeads: pendingHeads.slice(1) }],
    ['pending heads out of order', 'checksum', { ...row, pendingHeads: [...pendingHeads].reverse() }],
    ['a pending head that is null', 'pendingHeads[1]', { ...row, pendingHeads: [pendingHeads[0], null] }],
    ['a sparse array of heads', 'pendingHeads[0]', { ...row, pendingHeads: new Array(2) }],
    ['no pending heads at all', 'pendingHeads', { ...row, pendingHeads: null }],
    ['another log', 'checksum', { ...row, log: { ...log, id: checkpoint(2, 0).log.id } }],
    ['a log without an id', 'log.id', { ...row, log: { ...log, id: '' } }],
    ['a kind of log that there is not', 'log.kind', { ...row, log: { ...log, kind: 'rfc9162' } }],
    ['a URL that is none', 'log.url', { ...row, log: { ...log, url: 5 } }],
    ['no log', 'log', { ...row, log: undefined }],
    ['a checksum cut short', 'checksum', { ...row, checksum: row.checksum?.slice(0, 31) }],
    ['a checksum that is empty', 'checksum', { ...row, checksum: '' }],
    ['a checksum that is a number', 'checksum', { ...row, checksum: 7 }],
    ['learned limits that are null', 'learned', { ...row, learned: null }],
    ['no learned limits', 'learned', { ...row, learned: undefined }],
    ['learned limits that are a list', 'learned', { ...row, learned: [1] }],
    ['learned limits that are text', 'learned', { ...row, learned: '{}' }],
    ['learned limits that JSON cannot hold', 'learned', { ...row, learned: { rate: 1n } }],
    ['null', 'row', null],
    ['text', 'row', 'row'],
    [
      'a getter that throws',
      'row',
      {
        ...row,
        get position() {
          throw new TypeError('boom')
        },
      },
    ],
    ['a revoked proxy', 'row', revoked()],
  ]
  it.each(damaged)('is refused, the field named: %s', async (_, field, value) => {
    const error = await errorOf(() => load(value))
    expect(error).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', retryable: false })
    expect(error.message).toContain(`(${field} must be `)
    expect(error.message).toMatch(
      /^the checkpoint store: .* the log is not to blame: restore a copy, or delete the row/,
    )
    if (!['log', 'log.id', 'row'].includes(field)) expect(error.logId).toBeTypeOf('string')
  })

  it('is one of a log', async () => {
    const error = await errorOf(() => loadedRows([row, checkpoint(1, 12)], 'the checkpoint store'))
    expect(error).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', logId: log.id })
    expect(error.message).toContain('two rows of log')
  })

  it.each([undefined, null, {}, 'rows', new Map()])('is in an array, not in %o', async (rows) => {
    expect(await errorOf(() => loadedRows(rows, 'the checkpoint store'))).toMatchObject({
      code: 'CT_CHECKPOINT_UNUSABLE',
    })
  })

  it('is a row or CT_CHECKPOINT_UNUSABLE, whatever it is', () => {
    const path = fc.array(
      fc.constantFrom('log', 'id', 'position', 'range', '0', 'verifiedHead', 'treeSize', 'learned'),
      { minLength: 1, maxLength: 3 },
    )
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withTypedArray: true,
      withNullPrototype: true,
      withSparseArray: true,
    })
    fc.assert(
      fc.property(path, anything, (keys, value) => {
        const changed = set(row, keys, value)
        try {
          expect(load(changed)).toHaveLength(1)
        } catch (error) {
          if (!CtStreamError.is(error)) throw error
          expect(error.code).toBe('CT_CHECKPOINT_UNUSABLE')
        }
      }),
      { numRuns: 500 },
    )
  })
})

/** A copy in which the field at the end of the path is another. */
function set(target: unknown, [key = '', ...rest]: readonly string[], value: unknown): unknown {
  if (typeof target !== 'object' || target === null) return value
  const copy: Record<string, unknown> = Array.isArray(target) ? ([...target] as never) : { ...target }
  copy[key] = rest.length === 0 ? value : set(copy[key], rest, value)
  return copy
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
