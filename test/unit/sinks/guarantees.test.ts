import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..', '..')
const guide = readFileSync(join(root, 'src', 'sinks', 'README.md'), 'utf8')

/** The file of a name in the guide: `faults`, `sink contract`. */
function fileOf(name: string): string | undefined {
  const places = ['test/engines/NAME.test.ts', 'test/support/NAME.ts', 'test/unit/modules/NAME.test.ts']
  return places
    .map((place) => join(root, place.replace('NAME', name.replaceAll(' ', '-'))))
    .find((path) => existsSync(path))
}

/** Rows of tables whose last column says what shows a guarantee. */
function* guarantees() {
  let shown = false
  // Where the head of the column names a file, cells need not.
  let usual: string | undefined
  for (const line of guide.split('\n')) {
    const cells = line.startsWith('|') ? line.slice(1, -1).split('|') : undefined
    const last = cells?.at(-1)?.trim() ?? ''
    if (cells === undefined) shown = false
    else if (last.startsWith('shown by')) {
      shown = true
      usual = /^shown by \(`([\w-]+)`\)$/.exec(last)?.[1]
    } else if (shown && !/^-+$/.test(last)) yield { what: cells[0]?.trim() ?? '', last, usual }
  }
}

describe('the table of guarantees', () => {
  const rows = [...guarantees()]

  it('can be read from the guide', () => {
    expect(rows.length).toBeGreaterThan(25)
  })

  it.each(rows)('has the beginning of the titles of tests for: $what', ({ last, usual }) => {
    // What no test here can show says why.
    if (/^not shown: .{20}/.test(last)) return
    for (const shown of last.split('; ')) {
      const [, name = usual ?? '', title = ''] =
        /^(?:`?((?:sink|source) contract|[\w-]+)`?(?:, [\w ]+)?: )?(.+)$/.exec(shown) ?? []
      const file = fileOf(name)
      expect(file, `a file for ${JSON.stringify(name)}`).toBeDefined()
      const source = readFileSync(file as string, 'utf8')
      const begins = ["'", '`'].some((quote) => source.includes(`${quote}${title}`))
      expect(begins, `${file} has no test whose title begins with: ${title}`).toBe(true)
    }
  })
})

describe('the table of engines in examples/deploy', () => {
  const deploy = readFileSync(join(root, 'examples', 'deploy', 'README.md'), 'utf8')
  const named = [...deploy.matchAll(/\(`([a-z-]+)`(, sink contract)?: ([^)]+)\)/g)]

  it('names a test in each cell that promises something', () => {
    const [head = '', ...rows] = deploy.slice(deploy.indexOf('| what happens |')).split('\n')
    expect(head).toContain('Postgres | Kafka')
    for (const row of rows.slice(1, rows.indexOf('')))
      for (const cell of row.slice(1, -1).split('|').slice(1))
        expect(cell.trim(), row).toMatch(/^$|^no$|\(`[a-z-]+`[^()]*: [^()]+\)/)
    expect(named.length).toBeGreaterThan(20)
  })

  it.each(named.map(([, file = '', contract, title = '']) => ({ file, contract, title })))(
    'has $title in $file',
    ({ file, contract, title }) => {
      const tests = readFileSync(join(root, 'test', 'engines', `${file}.test.ts`), 'utf8')
      if (contract === undefined) expect(tests).toContain(title)
      else {
        expect(tests).toContain('sinkContract(')
        expect(readFileSync(join(root, 'test', 'support', 'sink-contract.ts'), 'utf8')).toContain(title)
      }
    },
  )
})
