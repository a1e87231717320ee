import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { FileSink } from '../../examples/file-sink.js'
import { pump } from '../../src/sinks/index.js'
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

  it('refuses a foreign file', async () => {
    const folder = mkdtempSync(join(root, 'other-'))
    writeFileSync(join(folder, 'AAAA.jsonl'), 'shopping list\n')
    await expect(new FileSink(folder).open()).rejects.toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE' })
  })
})
