import { describe, expect, it } from 'vitest'
import { checkpointFromJSON, checkpointToJSON } from '../../../src/checkpoint/checkpoint-json.js'
import { errorOf } from './contract.js'
import { checkpoint } from './samples.js'

const rows = [
  checkpoint(1, 2 ** 53 - 41),
  checkpoint(2, 0, { range: [], verifiedHead: undefined, pendingHeads: [] }),
  checkpoint(3, 9, { range: undefined, learned: {} }),
]

describe('a row as JSON', () => {
  it('comes back as it was, as text and as a value', () => {
    for (const row of rows) {
      const text = JSON.stringify(checkpointToJSON(row))
      expect(checkpointFromJSON(text)).toEqual(row)
      expect(checkpointFromJSON(JSON.parse(text))).toEqual(row)
    }
  })

  it('has base64 for bytes and null for absent fields', () => {
    const json = checkpointToJSON(rows[1] ?? checkpoint(1, 0))
    expect(json).toMatchObject({ position: 0, range: [], verifiedHead: null, pendingHeads: [] })
    const { range, verifiedHead, checksum } = checkpointToJSON(checkpoint(1, 1))
    expect(range?.[0]).toMatch(/^[A-Za-z0-9+/]{43}=$/)
    expect(verifiedHead).toMatchObject({ treeSize: 11, signature: 'BAMAAsr+' })
    expect(checksum).toMatch(/^[0-9a-f]{32}$/)
  })

  it('is given its checksum', () => {
    const { checksum, ...row } = checkpoint(1, 11)
    expect(checkpointToJSON(row).checksum).toBe(checksum)
  })

  it('is not made of a row that no store may keep', async () => {
    const error = await errorOf(() => checkpointToJSON(checkpoint(1, 1, { position: 1.5 })))
    expect(error).toMatchObject({ code: 'CT_OPTION_INVALID', logId: checkpoint(1, 1).log.id })
    expect(error.message).toContain('position must be an integer in [0, 2^53), not 1.5')
  })

  const json = JSON.parse(JSON.stringify(checkpointToJSON(checkpoint(1, 11))))
  it.each([
    ['text that is no JSON', '{', 'is not JSON'],
    ['null', 'null', 'row must be'],
    ['a list', [], 'row must be'],
    ['another alphabet', { ...json, range: [...json.range.slice(1), '_'.repeat(44)] }, 'range[2] must be'],
    ['a changed position', { ...json, position: 13 }, 'checksum must be'],
    ['a head that is null', { ...json, pendingHeads: [null] }, 'pendingHeads[0] must be'],
  ])('is refused when it is damaged: %s', async (_, damaged, problem) => {
    const error = await errorOf(() => checkpointFromJSON(damaged))
    expect(error.code).toBe('CT_CHECKPOINT_UNUSABLE')
    expect(error.message).toContain(problem)
  })
})
