import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commands } from '../../../src/cli/commands.js'
import { commonFlags } from '../../../src/cli/flags/flags.js'
import { blocksIn, guides, readGuide } from '../../support/guides.js'

const root = join(import.meta.dirname, '..', '..', '..')
const fileBase = 'https://unpkg.com/browse/ct-stream@latest/'

/** The names in code in the first column of the table with that title below a heading. */
function firstColumn(guide: string, heading: string, title: string): string[] {
  const section = readGuide(guide).split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const lines = section.split('\n')
  const start = lines.findIndex((line) => line.startsWith(`| ${title} `)) + 2
  const rows = lines.slice(start)
  const cells = rows.slice(0, rows.indexOf('')).map((line) => line.split('|')[1] ?? '')
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)[`(]/g)].map(([, name = '']) => name))
}

/** Members of an interface, as its source has them. */
function membersOf(path: string, name: string): string[] {
  const body = readGuide(path).split(`export interface ${name} {\n`)[1]?.split('\n}\n')[0] ?? ''
  return [...new Set([...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member = '']) => member))]
}

describe('the guides', () => {
  it('name every option', () => {
    const options = membersOf('src/types/stream-options.ts', 'CtStreamOptions')
    expect(options.length).toBeGreaterThan(15)
    expect(firstColumn('src/stream/README.md', 'Options', 'option').sort()).toEqual(options.sort())
  })

  it('name every event', () => {
    expect(firstColumn('src/stream/README.md', 'Events and errors', 'event').sort()).toEqual(
      membersOf('src/types/stream-events.ts', 'CtStreamEvents').sort(),
    )
  })

  it('name every error code', () => {
    const codes = [...new Set(readGuide('src/errors.ts').match(/'CT_[A-Z_]+'/g))].map((code) => code.slice(1, -1))
    expect(firstColumn('src/stream/README.md', 'Events and errors', 'code').sort()).toEqual(codes.sort())
  })

  it('name every field of a certificate', () => {
    const fields = membersOf('src/types/certificate.ts', 'CtCertificate')
    expect(fields.length).toBeGreaterThan(40)
    // Two stand beside what they belong to.
    const inTable = [...firstColumn('README.md', 'A certificate', 'field'), 'altNames', 'toString']
    expect(inTable.filter((name) => name !== 'String').sort()).toEqual(fields.sort())
  })

  it('show every command', () => {
    for (const { name } of commands)
      expect(readGuide('src/cli/README.md')).toMatch(new RegExp(`^ct-stream ${name} `, 'm'))
  })

  it('show no flag that does not exist', () => {
    const all = [...commonFlags, ...commands.flatMap((command) => command.flags)]
    const flags = new Set([...all.map(({ name }) => `--${name}`), ...flagsOfOthers])
    const shown = guides.flatMap((guide) => readGuide(guide).match(/(?<![\w-])--[a-z][a-z-]+/g) ?? [])
    expect(shown.length).toBeGreaterThan(50)
    expect([...new Set(shown)].filter((flag) => !flags.has(flag))).toEqual([])
  })

  it('have JSON that parses', () => {
    for (const { code } of blocksIn('json')) expect(() => JSON.parse(code)).not.toThrow()
  })

  it('link to files that exist, on npm to those of the package', () => {
    const { files } = JSON.parse(readGuide('package.json')) as { files: string[] }
    const isPacked = (path: string) => files.some((pattern) => matches(path, pattern))
    const broken: string[] = []
    for (const guide of guides) {
      const text = readGuide(guide)
      const targets = [...text.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm)].map((m) => m[1] ?? m[2] ?? '')
      for (const target of targets) {
        const [link = ''] = target.split('#')
        if (link === '' || (/^https?:/.test(link) && !link.startsWith(fileBase))) continue
        const path = link.startsWith(fileBase) ? link.slice(fileBase.length) : join(dirname(guide), link)
        // npm shows the README and none of the files beside it.
        const isReachable = guide === 'README.md' ? link.startsWith(fileBase) : true
        if (!isReachable || !existsSync(join(root, path)) || (guide !== 'src/README.md' && !isPacked(path)))
          broken.push(`${guide}: ${target}`)
      }
    }
    expect(broken).toEqual([])
  })

  it('name source files that exist, in the map of the source', () => {
    const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).map((path) =>
      path.replaceAll(sep, '/'),
    )
    const named = [...readGuide('src/README.md').matchAll(/`([\w./-]+\.ts)`/g)].map(([, name = '']) => name)
    expect(named.length).toBeGreaterThan(150)
    const exists = (name: string) =>
      name.startsWith('test/') ? existsSync(join(root, name)) : files.some((file) => `/${file}`.endsWith(`/${name}`))
    expect(named.filter((name) => !exists(name))).toEqual([])
  })

  it('define every reference that they use', () => {
    const text = readGuide('README.md')
    const defined = [...text.matchAll(/^\[([^\]]+)\]: /gm)].map(([, name]) => name)
    const code = text.replaceAll(/```[\s\S]*?```|`[^`]*`/g, '')
    const used = [...code.matchAll(/\]\[([^\]]+)\]|(?<!\])\[([^\]]+)\](?![[:(])/g)].map((m) => m[1] ?? m[2])
    expect([...new Set(used)].sort()).toEqual(defined.sort())
  })
})

/** Flags of other programs that the guides show. */
const flagsOfOthers = ['--test', '--inform', '--profile', '--set']

const matches = (path: string, pattern: string) =>
  pattern.includes('*')
    ? new RegExp(`^${pattern.replaceAll('.', '\\.').replace('*', '[^/]+')}$`).test(path)
    : path === pattern || path.startsWith(`${pattern}/`)
