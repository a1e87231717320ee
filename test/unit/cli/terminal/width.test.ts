import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { commands } from '../../../../src/cli/commands.js'
import { runCli } from '../../../../src/cli/run.js'
import { wrapWords } from '../../../../src/cli/terminal/width.js'
import { sampleIo } from '../sample-io.js'

describe('a line on a terminal', () => {
  it('breaks between words, and leaves a long URL whole on a line of its own', () => {
    const url = `https://ct.example.com/logs/${'a'.repeat(30)}/ct/v1/get-sth`
    expect(wrapWords(`ct-stream: no log can be read: [GET] "${url}" : connect refused`, 40)).toEqual([
      'ct-stream: no log can be read: [GET]',
      `"${url}"`,
      '  : connect refused',
    ])
    expect(wrapWords(url, 40)).toEqual([url])
    expect(wrapWords('fits as it is', 13)).toEqual(['fits as it is'])
  })

  it('has all its words in order, none of them broken, and is too wide only where one word is', () => {
    const word = fc.string({ minLength: 1, maxLength: 30, unit: fc.constantFrom('a', 'b', '/', '中', 'é') })
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 3, max: 60 }),
        (words, columns) => {
          const lines = wrapWords(words.join(' '), columns)
          expect(lines.flatMap((line) => line.trim().split(' '))).toEqual(words)
          for (const line of lines) if (stringWidth(line) > columns) expect(line).not.toContain(' ')
        },
      ),
    )
  })

  it('is what an error is on a terminal, and one line where it goes to a file', async () => {
    const shown = async (terminal: object) => {
      const { io, stderr } = sampleIo([
        'logs',
        '--log-list',
        `https://example.com/${'x'.repeat(100)}?y`,
        '--kind',
        'no',
      ])
      Object.assign(io.stderr, terminal)
      expect(await runCli(io, commands)).toBe(2)
      return stderr()
    }
    const [file, terminal] = [await shown({}), await shown({ isTTY: true, columns: 40 })]
    expect(file.trimEnd()).not.toContain('\n')
    expect(terminal.trimEnd().split('\n').length).toBeGreaterThan(1)
    expect(terminal.replace(/\n */g, ' ')).toBe(file.replace('\n', ' '))
  })
})
