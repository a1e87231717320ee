import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileOutput } from '../../../../src/cli/terminal/file-output.js'
import { Output } from '../../../../src/cli/terminal/output.js'

let [folder, path] = ['', '']
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ct-stream-output-'))
  path = join(folder, 'out')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A disk with room for so many bytes: a short write, then the error of the system. */
function disk(room: number) {
  let text = ''
  const write = async (bytes: Uint8Array) => {
    if (text.length === room)
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    const part = Buffer.from(bytes.subarray(0, room - text.length))
    text += part
    return part.length
  }
  return { write, text: () => text }
}

describe('stdout that is a file', () => {
  it('fails where the disk takes only a part of what is written', async () => {
    const { write, text } = disk(5)
    const output = new Output(fileOutput(1, write))
    expect(await output.write('one\n')).toBe(true)
    await expect(output.write('two\n')).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(text()).toBe('one\nt')
  })

  it('has failed for all that write to it later', async () => {
    const stream = fileOutput(1, disk(1).write)
    await expect(new Output(stream).write('one\n')).rejects.toMatchObject({ code: 'ENOSPC' })
    await expect(new Output(stream).write('two\n')).rejects.toMatchObject({ code: 'ENOSPC' })
  })

  it('goes on after a short write', async () => {
    let text = ''
    const write = async (bytes: Uint8Array) => {
      text += Buffer.from(bytes.subarray(0, 3))
      return Math.min(3, bytes.length)
    }
    expect(await new Output(fileOutput(1, write)).write('0123456789')).toBe(true)
    expect(text).toBe('0123456789')
  })

  it('fails where nothing is taken and no error is given', async () => {
    await expect(new Output(fileOutput(1, async () => 0)).write('one\n')).rejects.toThrow('nothing more can be written')
  })
})

/** Writes pages to the file as it was opened. */
async function written(descriptor: number, ...pages: string[]): Promise<string> {
  const output = new Output(fileOutput(descriptor), { isLines: true })
  for (const page of pages) expect(await output.write(page)).toBe(true)
  closeSync(descriptor)
  return readFileSync(path, 'utf8')
}

// Elsewhere nothing tells where a descriptor writes.
describe.skipIf(process.platform !== 'linux')('lines in a file that has some', () => {
  it('begin a line of their own behind one that a full disk has cut off', async () => {
    writeFileSync(path, '{"index":1}\n{"ind')
    expect(await written(openSync(path, 'a'), '{"index":2}\n', '{"index":3}\n')).toBe(
      '{"index":1}\n{"ind\n{"index":2}\n{"index":3}\n',
    )
  })

  it('begin one also where the file is shared with a program that has written before', async () => {
    const descriptor = openSync(path, 'w')
    writeSync(descriptor, '{"ind')
    expect(await written(descriptor, 'two\n')).toBe('{"ind\ntwo\n')
  })

  it('follow whole lines as they are', async () => {
    appendFileSync(path, 'one\n')
    expect(await written(openSync(path, 'a'), 'two\n')).toBe('one\ntwo\n')
  })

  it('are the first of an empty file', async () => {
    expect(await written(openSync(path, 'a'), 'one\n')).toBe('one\n')
  })

  it('overwrite a file from its beginning when it is opened so', async () => {
    writeFileSync(path, 'one')
    expect(await written(openSync(path, 'r+'), 'two')).toBe('two')
  })

  it('are not asked for where the text is no line', async () => {
    writeFileSync(path, 'version: ')
    const descriptor = openSync(path, 'a')
    await new Output(fileOutput(descriptor)).write('1.0\n')
    closeSync(descriptor)
    expect(readFileSync(path, 'utf8')).toBe('version: 1.0\n')
  })
})
