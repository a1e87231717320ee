import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { commands } from '../../../src/cli/commands.js'
import { parseArguments } from '../../../src/cli/flags/arguments.js'
import { namedSpecs } from '../../../src/cli/flags/module-flag.js'
import { Values } from '../../../src/cli/flags/values.js'
import { runCli } from '../../../src/cli/run.js'
import { sampleIo } from './sample-io.js'

async function help(columns: number | undefined, ...argv: string[]): Promise<string> {
  const sample = sampleIo(argv)
  Object.assign(sample.io.stdout, { columns })
  expect(await runCli(sample.io, commands)).toBe(0)
  return sample.stdout()
}

describe('the help', () => {
  it.each(commands.map(({ name }) => name))('of %s fits 80 columns and has every flag', async (name) => {
    const text = await help(undefined, name, '--help')
    for (const line of text.split('\n')) expect(stringWidth(line), line).toBeLessThanOrEqual(80)
    const command = commands.find((one) => one.name === name)
    for (const flag of command?.flags ?? []) expect(text).toContain(`--${flag.name}`)
    expect(text).toContain('Exit status:\n')
    for (const [line] of command?.examples ?? []) expect(text).toContain(`  ${line}\n`)
  })

  it('of all fits 80 columns and lists every command', async () => {
    const text = await help(0, 'help')
    for (const line of text.split('\n')) expect(stringWidth(line), line).toBeLessThanOrEqual(80)
    for (const { name } of commands) expect(text).toMatch(new RegExp(`^  ${name} `, 'm'))
  })

  it('is as wide as the terminal, and no wider than a line is good to read', async () => {
    const widest = async (columns: number) =>
      Math.max(...(await help(columns, 'help', 'stream')).split('\n').map((line) => stringWidth(line)))
    expect(await widest(100)).toBeGreaterThan(80)
    expect(await widest(300)).toBeLessThanOrEqual(100)
  })

  it('puts flags in groups', async () => {
    const text = await help(80, 'stream', '-h')
    const headings = [...text.matchAll(/^(\w.*):$/gm)].map(([, heading]) => heading)
    expect(headings).toEqual(
      expect.arrayContaining(['Which logs', 'Which certificates', 'Output', 'General', 'Examples']),
    )
    expect(headings).not.toContain('Flags')
  })
})

describe('the examples of a command', () => {
  const examples = commands.flatMap(({ examples = [] }) => examples.map(([line]) => line))

  it.skipIf(process.platform === 'win32').each(examples.filter((line) => line.startsWith('ct-stream')))(
    'are taken as a shell gives them: %s',
    (line) => {
      // Nothing is run, read or written: without pipes, redirections and file names that fit a pattern.
      const [one = ''] = line.split(/ \| | >+ | </)
      const script = `printf '%s\\n' ${one.slice('ct-stream'.length)}`
      const words = execFileSync('sh', ['-f', '-c', script], { encoding: 'utf8', cwd: tmpdir() })
      const argv = words.split('\n').filter((word) => word !== '')
      const { flags, positionals } = parseArguments(argv, commands)
      const context = { io: sampleIo(argv).io, values: new Values(flags), positionals }
      expect(namedSpecs(context)).toHaveLength(context.values.list('module').length)
    },
  )
})
