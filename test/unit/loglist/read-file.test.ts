import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readFileUpTo } from '../../../src/loglist/read-file.js'

const folder = mkdtempSync(join(tmpdir(), 'read-file-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('reads a file whole, up to its bound', async () => {
  const path = join(folder, 'file')
  const content = Buffer.alloc(600_000, 'ab')
  writeFileSync(path, content)
  expect(Buffer.compare(await readFileUpTo(path, content.length), content)).toBe(0)
  await expect(readFileUpTo(path, content.length - 1)).rejects.toMatchObject({ code: 'CT_OPTION_INVALID' })
  await expect(readFileUpTo(join(folder, 'none'), 10)).rejects.toMatchObject({ code: 'ENOENT' })
})

it.skipIf(process.platform === 'win32')('ends on a device that does not', async () => {
  await expect(readFileUpTo('/dev/zero', 1_000_000)).rejects.toThrow('/dev/zero holds more than 1000000 bytes')
})

it('stops when it is aborted', async () => {
  const reason = new Error('enough')
  await expect(readFileUpTo(join(folder, 'file'), 1e6, AbortSignal.abort(reason))).rejects.toBe(reason)
})
