import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { FileSink } from '../../examples/file-sink.js'
import { MemoryCheckpointStore } from '../../src/checkpoint/memory.js'
import { pump } from '../../src/sinks/index.js'
import { fastClock } from '../support/fast-clock.js'
import { backfill, logOf } from '../support/logs.js'
import { sinkContract } from '../support/sink-contract.js'
import { upTo } from '../support/whole-messages.js'

const root = mkdtempSync(join(tmpdir(), 'ct-stream-file-sink-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

function contentOf(folder: string): Map<string, number[]> {
  const content = new Map<string, number[]>()
  for (const name of readdirSync(folder))
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1)) {
      const { log, index } = JSON.parse(line)
      content.set(log.id, [...(content.get(log.id) ?? []), index])
    }
  return content
}

describe('the file sink of the examples', () => {
  sinkContract('files', async () => {
    const folder = mkdtempSync(join(root, 'sink-'))
    let kept: Map<string, Buffer> | undefined
    return {
      sink: () => new FileSink(folder),
      content: async () => contentOf(folder),
      ordered: true,
      keep: async () => {
        kept ??= new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]))
        return {
          restore: async () => {
            for (const [name, bytes] of kept ?? []) writeFileSync(join(folder, name), bytes)
          },
        }
      },
    }
  })

  it('removes half a line that a crash has left', async () => {
    const folder = mkdtempSync(join(root, 'crash-'))
    const log = await logOf(30)
    await pump({ sink: new FileSink(folder), stream: () => backfill(log, { end: { index: 20 } }) })
    const [name = ''] = readdirSync(folder)
    appendFileSync(join(folder, name), '{"index":20,"log":{"id":')
    await pump({ sink: new FileSink(folder), stream: () => backfill(log) })
    expect(contentOf(folder).get(log.logId)).toEqual(upTo(30))
  })

  it('loses nothing when the disk takes less than it is given, as one that is nearly full', async () => {
    const folder = mkdtempSync(join(root, 'full-'))
    const log = await logOf(20)
    const some = await open(join(root, 'some'), 'w')
    const handles = Object.getPrototypeOf(some) as FileHandle
    await some.close()
    const { write, writev } = handles
    onTestFinished(() => void Object.assign(handles, { write, writev }))
    let writes = 0
    // Half of it, then nothing; half again when the file is opened again, then all.
    const part = (bytes: number) => [Math.ceil(bytes / 2), 0, Math.ceil(bytes / 2)][writes++] ?? bytes
    Object.assign(handles, {
      write(this: FileHandle, buffer: Buffer, offset: number, length: number, position: number) {
        return Reflect.apply(write, this, [buffer, offset, part(length), position])
      },
      writev(this: FileHandle, [buffer]: [Buffer], position: number) {
        return writev.call(this, [buffer.subarray(0, part(buffer.length))], position)
      },
    })
    const checkpoint = new MemoryCheckpointStore()
    await pump({ sink: new FileSink(folder), clock: fastClock(20_000), stream: () => backfill(log, { checkpoint }) })
    expect(contentOf(folder).get(log.logId)).toEqual(upTo(20))
    expect(writes).toBe(4)
  })

  it('refuses a foreign file', async () => {
    const folder = mkdtempSync(join(root, 'other-'))
    writeFileSync(join(folder, 'AAAA.jsonl'), 'shopping list\n')
    await expect(new FileSink(folder).open()).rejects.toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE' })
  })
})
