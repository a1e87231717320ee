import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readConfigFile } from '../../../../src/cli/flags/config-file.js'
import { streamFlags } from '../../../../src/cli/flags/flags.js'
import { importFailure } from '../../../../src/util/import-failure.js'
import { sampleIo } from '../sample-io.js'

const folder = mkdtempSync(join(tmpdir(), 'ct-stream-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

function read(name: string, text: string) {
  const path = join(folder, name)
  writeFileSync(path, text)
  return readConfigFile(sampleIo([]).io, { value: path, from: '--config' }, streamFlags)
}

describe('a config file that is a program', () => {
  it.each(['config.mjs', 'config.js'])('is what %s exports', async (name) => {
    const config = await read(name, 'export default { limit: 5, modules: ["./a.js"] }')
    expect(config).toMatchObject({ folder, isNamed: true, modules: ['./a.js'] })
    expect(config?.values.get('limit')).toEqual({ value: '5', from: `limit in ${join(folder, name)}` })
  })

  it.each([
    ['none.mjs', 'export const limit = 5', /none\.mjs exports no config: its default export must be an object of/],
    ['throws.mjs', 'throw new Error("no\\nway")', /throws\.mjs cannot be imported: no$/],
    ['wrong.mjs', 'export default { limitt: 5 }', /unknown key in .*wrong\.mjs: limitt, did you mean limit\?/],
    ['text.mjs', 'export default "x"', /text\.mjs must hold an object of flags and their values/],
  ])('%s is refused in words that name it', async (name, text, message) => {
    await expect(read(name, text)).rejects.toMatchObject({
      code: 'CT_OPTION_INVALID',
      message: expect.stringMatching(message),
    })
  })

  it('is undefined when none is named and the default file does not exist', async () => {
    expect(await readConfigFile(sampleIo([]).io, undefined, streamFlags)).toBeUndefined()
  })
})

describe('a TypeScript file', () => {
  it('is refused by a Node.js that cannot read it, with the version that can', () => {
    const error = Object.assign(new TypeError('Unknown file extension ".ts"'), { code: 'ERR_UNKNOWN_FILE_EXTENSION' })
    expect(importFailure(error, '/a/b.ts', '20.19.0')).toBe(
      'it is TypeScript, which Node.js reads from 22.18 on, and this is Node.js 20.19.0: compile it to .js, or update Node.js',
    )
    expect(importFailure(error, '/a/b.txt', '20.19.0')).toBe('Unknown file extension ".ts"')
  })
})
