import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { checkpointStore } from '../../../src/checkpoint/open-store.js'
import { SqliteCheckpointStore } from '../../../src/checkpoint/sqlite.js'
import { errorOf } from './contract.js'
import { useTempFolder } from './temp-folder.js'

const folder = useTempFolder()

describe('the checkpoint option', () => {
  it('is ct-stream.db when left out, and touches nothing yet', () => {
    expect(checkpointStore()).toMatchObject({ path: 'ct-stream.db' })
    const path = folder.file()
    expect(checkpointStore(path)).toBeInstanceOf(SqliteCheckpointStore)
    expect(existsSync(path)).toBe(false)
  })

  it('is memory for `false`, and the given store for a store', () => {
    expect(checkpointStore(false)).toBeInstanceOf(MemoryCheckpointStore)
    const own = new MemoryCheckpointStore()
    expect(checkpointStore(own)).toBe(own)
  })

  it.each([
    ['true', true],
    ['a number', 5],
    ['null', null],
    ['an empty name', ''],
    ['half a store', { open() {}, load() {} }],
  ])('is refused at once: %s', (_, option) => {
    expect(() => checkpointStore(option as never)).toThrowError(
      expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringContaining('checkpoint') }),
    )
  })

  it('opens the store for each option', async () => {
    const store = checkpointStore(folder.file())
    await store.open()
    expect(await store.load()).toEqual([])
    await store.close()
    const own = new MemoryCheckpointStore()
    await checkpointStore(own).open()
    expect((await errorOf(() => checkpointStore(own).open())).code).toBe('CT_CHECKPOINT_CONFLICT')
  })
})
