import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { csv, csvField } from '../../../src/outputs/csv.js'
import { HOSTILE, outputContract } from './contract.js'

outputContract('csv', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ct-stream-csv-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'findings.csv')
  const idsOf = (path: string) => {
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return []
    const [header, ...lines] = readFileSync(path, 'utf8').split('\n').slice(0, -1)
    expect(header).toMatch(/^id,first_seen,/)
    for (const line of lines) expect(line).toMatch(/^[0-9a-f]{32},/)
    return lines.map((line) => line.slice(0, 32))
  }
  return {
    output: csv.with({ file }),
    received: () => [`${file}.away`, file].flatMap(idsOf),
    fail() {
      writeFileSync(`${file}.away`, readFileSync(file))
      rmSync(file)
      mkdirSync(file)
    },
    repair: () => rmdirSync(file),
  }
})

describe('csvField', () => {
  const cases: [string, string][] = [
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['say "x"', '"say ""x"""'],
    ['=1+1', "'=1+1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    [' -1', "' -1"],
    ['a\nb', 'a\\x0ab'],
    ['*.example.com', '*.example.com'],
  ]
  it.each(cases)('writes %j as %j', (text, field) => {
    expect(csvField(text)).toBe(field)
  })

  it('leaves nothing of a hostile text that acts', () => {
    expect(csvField(HOSTILE)).toMatch(/^"'=[^\p{Cc}\p{Cf}]*"$/u)
  })
})
