import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { commands } from '../../../../src/cli/commands.js'
import { completionScript, shells } from '../../../../src/cli/flags/completion.js'
import { runCli } from '../../../../src/cli/run.js'
import { sampleIo } from '../sample-io.js'

const bash = completionScript('bash', commands)
const hasBash = spawnSync('bash', ['--version']).status === 0

/** What bash offers for the last of these words. */
function offered(...words: string[]): string[] {
  const list = words.map((word) => `'${word}'`).join(' ')
  const script = `${bash}\nCOMP_WORDS=(ct-stream ${list}); COMP_CWORD=${words.length}; _ct_stream; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8', cwd: import.meta.dirname })
  expect(stderr).toBe('')
  return stdout.split('\n').filter((line) => line !== '')
}

describe.skipIf(!hasBash)('completion in bash', () => {
  it('offers commands', () => {
    expect(offered('')).toEqual([...commands.map(({ name }) => name), 'help'])
    expect(offered('st')).toEqual(['stream', 'stats', 'status'])
    expect(offered('help', 'de')).toEqual(['decode', 'demo'])
    expect(offered('completion', '')).toEqual([...shells])
  })

  it('offers the flags of the command, before it is named those of the stream', () => {
    expect(offered('--oper')).toEqual(['--operator'])
    expect(offered('logs', '--prob')).toEqual(['--probe'])
    expect(offered('decode', '--oper')).toEqual([])
    expect(offered('--quiet', 'logs', '--prob')).toEqual(['--probe'])
  })

  it('offers values that are known, and files', () => {
    expect(offered('--kind', '')).toEqual(['rfc6962', 'static-ct'])
    expect(offered('--kind', '=', 's')).toEqual(['static-ct'])
    expect(offered('--contact', '')).toEqual([])
    expect(offered('decode', 'completion.t')).toEqual(['completion.test.ts'])
    expect(offered('--config', 'completion.t')).toEqual(['completion.test.ts'])
  })
})

describe('completion', () => {
  it.each(shells)('for %s has every command and flag', (shell) => {
    const script = completionScript(shell, commands)
    for (const { name, flags } of commands) {
      expect(script).toContain(name)
      for (const flag of flags) expect(script).toContain(shell === 'fish' ? `-l ${flag.name} ` : `--${flag.name}`)
    }
  })

  it('knows three shells', async () => {
    const good = sampleIo(['completion', 'bash'])
    expect([await runCli(good.io, commands), good.stdout()]).toEqual([0, bash])
    const bad = sampleIo(['completion', 'bahs'])
    expect(await runCli(bad.io, commands)).toBe(2)
    expect(bad.stderr()).toBe('ct-stream: <shell> must be one of bash, zsh, fish, got "bahs"\n')
  })
})
