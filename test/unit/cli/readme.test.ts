import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commands } from '../../../src/cli/commands.js'
import { commonFlags } from '../../../src/cli/flags/flags.js'

const root = join(import.meta.dirname, '..', '..', '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const readme = read('README.md')

/** The names in code in the first column of the table below a heading. */
function firstColumn(heading: string, title: string): string[] {
  const section = readme.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const lines = section.split('\n')
  const start = lines.findIndex((line) => line.startsWith(`| ${title} `)) + 2
  const rows = lines.slice(start)
  const cells = rows.slice(0, rows.indexOf('')).map((line) => line.split('|')[1] ?? '')
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))
}

/** Members of an interface, as its source has them. */
function membersOf(path: string, name: string): string[] {
  const body = read(path).split(`export interface ${name} {\n`)[1]?.split('\n}\n')[0] ?? ''
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, member = '']) => member)
}

describe('the README', () => {
  it('has every option', () => {
    const options = membersOf('src/types/stream.ts', 'CtStreamOptions')
    expect(options.length).toBeGreaterThan(15)
    expect(firstColumn('Options', 'option').sort()).toEqual(options.sort())
  })

  it('has every event', () => {
    expect(firstColumn('Events and errors', 'event').sort()).toEqual(
      membersOf('src/types/stream.ts', 'CtStreamEvents').sort(),
    )
  })

  it('has every error code', () => {
    const codes = [...new Set(read('src/errors.ts').match(/'CT_[A-Z_]+'/g))].map((code) => code.slice(1, -1))
    expect(firstColumn('Events and errors', 'code').sort()).toEqual(codes.sort())
  })

  it('has every command, and no flag that does not exist', () => {
    const section = readme.split('\n## Command line\n')[1]?.split('\n## ')[0] ?? ''
    for (const { name } of commands) expect(section).toMatch(new RegExp(`^ct-stream ${name} `, 'm'))
    const all = [...commonFlags, ...commands.flatMap((command) => command.flags)]
    const flags = new Set(all.map(({ name }) => `--${name}`))
    for (const [flag] of section.matchAll(/--[a-z][a-z-]*/g)) expect(flags).toContain(flag)
  })
})
