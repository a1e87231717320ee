import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { checkErrors } from '../../fuzz/cost.js'
import { Coverage } from '../../fuzz/coverage.js'
import { encodeDer, parseDer } from '../../fuzz/der-tree.js'
import { check, type Finding, fixtures } from '../../fuzz/findings.js'
import { Fuzzer } from '../../fuzz/fuzzer.js'
import { generatedEntries, type Material } from '../../fuzz/material.js'
import { Random } from '../../fuzz/random.js'
import { promise, type Target } from '../../fuzz/target.js'
import { targets } from '../../fuzz/targets/index.js'
import { checkValue, difference } from '../../fuzz/values.js'

const material: Material = { entries: generatedEntries(16), files: new Map() }
// From the beginning to the end: what V8 has compiled without counters is not counted.
const coverage = new Coverage()
const folder = join(import.meta.dirname, '../../../fixtures/fuzz')

/** Every finding of so many inputs, with the input it was reduced to. */
async function fuzz(
  target: Target,
  runs: number,
  seed = 'npm test',
): Promise<{ finding: Finding; input: Uint8Array }[]> {
  const found: { finding: Finding; input: Uint8Array }[] = []
  await new Fuzzer({
    seed,
    targets: [target],
    material,
    goOn: (executions) => executions < runs,
    onFinding: (finding, input) => found.push({ finding, input }),
  }).run()
  return found
}

describe('what the fuzzer found', () => {
  it('has a target for every input', () => {
    const names = targets.map(({ name }) => name)
    expect(fixtures(folder).filter(({ target }) => !names.includes(target))).toEqual([])
  })

  for (const { target: name, file } of fixtures(folder))
    it(`keeps every promise for ${relative(folder, file)}`, async () => {
      const target = targets.find((candidate) => candidate.name === name)
      if (target === undefined) throw new Error(`no target ${name}`)
      const input = new Uint8Array(readFileSync(file))
      coverage.take(false)
      const finding = await check(target, input, true)
      const { errors } = coverage.take(false)
      expect(finding?.stack).toBeUndefined()
      checkErrors(input, errors)
    })
})

describe('a short run', () => {
  for (const target of targets)
    it(`breaks no promise of ${target.name}`, async () => {
      const found = await fuzz(target, 200)
      expect(found.map(({ finding }) => finding.stack)).toEqual([])
    })
})

describe('the fuzzer', () => {
  const planted: Target = {
    name: 'planted',
    weight: 1,
    seeds: () => [new Uint8Array(Buffer.from('a long text in which only one octet matters'))],
    mutate: (input, _donor, random) => {
      const copy = input.slice()
      copy[random.below(copy.length)] = random.below(256)
      return copy
    },
    run: (input) => promise(!input.includes(0x21), 'it has an exclamation mark'),
  }

  it('finds a planted fault and reduces it to the octet that matters', async () => {
    const found = await fuzz(planted, 5000)
    expect(found.map(({ finding, input }) => [finding.message, [...input]])).toEqual([
      ['Violation: it has an exclamation mark', [0x21]],
    ])
  })

  it.each(targets.map((target) => [target.name, target] as const))(
    'makes the same inputs of one seed, and others of another: %s',
    async (_name, target) => {
      const inputs = async (seed: string) => {
        const seen: string[] = []
        const run = (input: Uint8Array) => void seen.push(createHash('sha1').update(input).digest('hex'))
        await fuzz({ ...target, run }, target.seeds(material).length + 80, seed)
        return seen
      }
      const first = await inputs('one')
      expect(await inputs('one')).toEqual(first)
      expect(await inputs('two')).not.toEqual(first)
      expect(new Set(first).size).toBeGreaterThan(first.length / 2)
    },
  )

  it('puts DER together as it took it apart', () => {
    for (const { leafInput } of material.entries) {
      const der = leafInput.subarray(leafInput[11] === 1 ? 47 : 15, -2)
      expect(Buffer.compare(encodeDer(parseDer(der)), der)).toBe(0)
    }
    const random = new Random('bytes')
    for (let i = 0; i < 200; i++) {
      const bytes = random.bytes(random.size(64))
      expect(encodeDer(parseDer(bytes))).toEqual(new Uint8Array(bytes))
    }
  })
})

describe('its checks', () => {
  const checked = (value: unknown) => () => checkValue(value, 'x', 100, { size: 0 })

  it('see what no value may be', () => {
    expect(checked({ a: [new Date(Number.NaN)] })).toThrow('x.a is an invalid date')
    expect(checked('a\ud800b')).toThrow('x has half of a surrogate pair')
    expect(checked('a\u{1f600}b')).not.toThrow()
    expect(checked({ n: Number.NaN })).toThrow('x.n is NaN')
    expect(checked(Buffer.from('a'))).toThrow('x is a Buffer')
    expect(checked(new Uint8Array(200).subarray(0, 1))).toThrow('x: 1 bytes pin 200')
  })

  it('count the errors that are made', () => {
    coverage.take(false)
    for (let i = 0; i < 5; i++) new CtStreamError('CT_CLOSED', 'made and not thrown')
    const { errors } = coverage.take(false)
    expect(errors).toBe(5)
    expect(() => checkErrors(new Uint8Array(10), 1000)).toThrow('makes 1000 errors of 10 bytes')
  })

  it('tell what differs', () => {
    expect(difference({ a: [1, { b: 'c' }] }, { a: [1, { b: 'd' }] })).toBe('.a.1.b: "c", then "d"')
    expect(difference({ a: Uint8Array.of(1) }, { a: Uint8Array.of(1) })).toBeUndefined()
    expect(difference({ a: Uint8Array.of(1) }, { a: Uint8Array.of(2) })).toBe('.a: other bytes')
  })
})
