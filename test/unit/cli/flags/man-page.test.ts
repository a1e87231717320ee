import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { commands } from '../../../../src/cli/commands.js'
import { manPage } from '../../../../src/cli/flags/man-page.js'

const page = manPage(commands, '1.2.3', Date.UTC(2026, 10, 24))
const hasMandoc = spawnSync('mandoc', ['-T', 'lint'], { input: '' }).error === undefined

describe('the manual page', () => {
  it('has every command and flag', () => {
    for (const { name, flags } of commands) {
      expect(page).toContain(`\n.Ss ct-stream ${name}`)
      for (const flag of flags) expect(page).toMatch(new RegExp(`^\\.It (Fl \\w , )?Fl -${flag.name}( Ar .*)?$`, 'm'))
    }
    expect(page).toMatch(/^\.Dd November 24, 2026\n\.Dt CT-STREAM 1\n/)
  })

  it('has short lines, and no text that roff would take for a request or an escape', () => {
    for (const line of page.split('\n')) {
      if (!line.startsWith('.')) expect(line.length, line).toBeLessThanOrEqual(80)
      expect(line).not.toMatch(/^'|^\.[^A-Z]|\\[^e&]/)
    }
  })

  it.skipIf(!hasMandoc)('is what mandoc finds no fault with', () => {
    const { stdout, stderr } = spawnSync('mandoc', ['-T', 'lint'], { input: page, encoding: 'utf8' })
    expect(stdout + stderr).toBe('')
  })
})
