import { expect, it } from 'vitest'
import type { RedisConnection } from '../../../src/redis/connection.js'
import { readStream } from '../../../src/redis/stream-reader.js'
import { range } from '../../support/follow.js'

const MIB = 2 ** 20

/** A stream in memory, as the server answers for it. */
class MemoryStream {
  /** How many entries each answer had. */
  readonly parts: number[] = []
  /** Called before each answer. */
  onRead: () => void = () => {}
  private entries: readonly { readonly index: number; readonly bytes: number }[]

  constructor(count: number, bytes: (index: number) => number) {
    this.entries = range(0, count).map((index) => ({ index, bytes: bytes(index) }))
  }

  trim(below: number): void {
    this.entries = this.entries.filter(({ index }) => index >= below)
  }

  async read(after: number, limit: number) {
    const page = await readStream(this as unknown as RedisConnection, 's', `${after}-1`, limit)
    return { ...page, indexes: page.entries.map(({ id }) => Number(id.split('-')[0])) }
  }

  async sendForBytes(_doing: string, [command, ...args]: readonly string[]): Promise<unknown> {
    const raw = ({ index, bytes }: { index: number; bytes: number }) => [
      Buffer.from(`${index}-1`),
      [Buffer.from('body'), Buffer.alloc(bytes)],
    ]
    if (command === 'XINFO') {
      const [first] = this.entries
      return ['first-entry', first && raw(first), 'last-generated-id', `${this.last}-1`]
    }
    this.onRead()
    const after = Number(/\((\d+)/.exec(args[1] ?? '')?.[1])
    const found = this.entries.filter(({ index }) => index > after).slice(0, Number(args[4]))
    this.parts.push(found.length)
    return found.map(raw)
  }

  private readonly last = 999
}

it('reads as many small entries as are asked for, and says whether that is all', async () => {
  const stream = new MemoryStream(1000, () => 2500)
  expect(await stream.read(0, 500)).toMatchObject({ indexes: range(1, 501), isAll: false })
  expect(await stream.read(500, 500)).toMatchObject({ indexes: range(501, 1000), isAll: true, lastId: '999-1' })
})

it('ends a page of large entries at some MiB, and reads on behind it', async () => {
  const stream = new MemoryStream(1000, () => 0.9 * MIB)
  expect(await stream.read(0, 1000)).toMatchObject({ indexes: range(1, 9), isAll: false })
  expect(await stream.read(8, 1000)).toMatchObject({ indexes: range(9, 17), isAll: false })
})

it('reads no more than a part too many where large entries follow small ones', async () => {
  const stream = new MemoryStream(1000, (index) => (index < 100 ? 100 : 0.9 * MIB))
  const { indexes, isAll } = await stream.read(0, 1000)
  expect(indexes).toEqual(range(1, 1 + indexes.length))
  expect([isAll, indexes.length < 200]).toEqual([false, true])
  expect(Math.max(...stream.parts)).toBe(64)
})

it('ends a page before what may have been trimmed while it was read: the next one begins with the hole', async () => {
  const stream = new MemoryStream(1000, () => 2500)
  stream.onRead = () => stream.parts.length === 1 && stream.trim(300)
  expect(await stream.read(0, 1000)).toMatchObject({ indexes: range(1, 9), isAll: false })
  expect(await stream.read(8, 100)).toMatchObject({ indexes: range(300, 400), firstId: '300-1' })
})

it('does not take a stream for read of which the rest was trimmed', async () => {
  const stream = new MemoryStream(1000, () => 2500)
  stream.onRead = () => stream.parts.length === 1 && stream.trim(1000)
  expect(await stream.read(0, 1000)).toMatchObject({ indexes: range(1, 9), isAll: false })
  expect(await stream.read(8, 100)).toMatchObject({ indexes: [], firstId: undefined, lastId: '999-1', isAll: true })
})
