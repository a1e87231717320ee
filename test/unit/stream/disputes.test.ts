import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import { createTestLogList, type TestLog } from '../../../src/testing/index.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { closing } from '../../support/closing.js'
import { fastClock } from '../../support/fast-clock.js'
import { range } from '../../support/follow.js'
import { ListServer } from '../../support/list-server.js'
import { certificates, grow, logOf } from '../../support/logs.js'
import { Reader } from '../../support/reader.js'

const ENTRIES = ['get-entries', 'data-tile'] as const
const listOf = (...logs: TestLog[]) => createTestLogList(logs, { timestamp: new Date() })

const follow = (options: CtStreamOptions): Reader =>
  closing(
    new Reader(
      ctStream({
        start: 'beginning',
        checkpoint: false,
        clock: fastClock(20_000),
        random: () => 0,
        pollIntervalMs: 600_000,
        ...options,
      }),
    ),
  )

/** Two listed logs, of which one has begun to serve other entries than it signed. */
async function listedLiar() {
  const [stays, liar] = [await logOf(5), await logOf(300)]
  const lists = closing(await ListServer.open(listOf(stays, liar)))
  const reader = follow({ logList: lists.url })
  await reader.until(() => reader.certificates.length === 305)
  const lie = liar.fault({ on: ENTRIES, flipBit: { in: 'leaf', item: 3, byte: 20 } })
  grow(liar, 300)
  return { stays, liar, lie, lists, reader }
}

describe('a log that is accused', () => {
  it.each(['rfc6962', 'static-ct'] as const)('(%s) stays so until what it serves is proven', async (kind) => {
    const log = await logOf(300, { kind })
    const reader = follow({ logs: [log.spec], partialTileDelayMs: 0 })
    await reader.until(() => reader.certificates.length === 300)
    const lie = log.fault({ on: ENTRIES, flipBit: { in: 'leaf', item: 3, byte: 20 } })
    grow(log, 300)
    await reader.until(() => reader.state(log.logId) === 'misbehaving')
    const before = reader.states.length
    // It is asked again and again, and fails on the way, too.
    await reader.until(() => lie.hits >= 7)
    log.fault({ on: '*', times: 2, status: 503 })
    await reader.until(() => lie.hits >= 10)
    expect(reader.states.slice(before)).toEqual([])
    expect(reader.misbehaviour).toHaveLength(1)
    lie.clear()
    await reader.until(() => reader.certificates.length === 600)
    await reader.until(() => reader.state(log.logId) === 'live')
    expect(reader.indexes()).toEqual(range(0, 600))
  })

  it('is read to the end of what it signed when it leaves the lists, or what is missing is on record', async () => {
    const { stays, liar, lie, lists, reader } = await listedLiar()
    await reader.until(() => reader.misbehaviour.length > 0)
    lists.content = listOf(stays)
    await reader.until(() => reader.state(liar.logId) === 'failed')
    expect(reader.gaps).toMatchObject([{ log: { id: liar.logId }, start: 300, end: 600 }])
    expect(reader.stream.status().gaps).toBe(1)

    // It comes back, and has thought better of it.
    lie.clear()
    lists.content = listOf(stays, liar)
    await reader.until(() => reader.indexes(liar.logId).length === 600)
    expect(reader.indexes(liar.logId)).toEqual(range(0, 600))
    reader.stream.acknowledge()
    expect(reader.stream.status().gaps).toBe(0)
  })

  it('and healed while it leaves the lists is read to the end', async () => {
    const { stays, liar, lie, lists, reader } = await listedLiar()
    await reader.until(() => reader.errors.length > 0)
    lists.content = listOf(stays)
    await reader.until(() => reader.lists.some(({ removed }) => removed.length > 0))
    lie.clear()
    await reader.until(() => reader.state(liar.logId) === 'finished')
    await reader.until(() => reader.indexes(liar.logId).length === 600)
    expect(reader.gaps).toEqual([])
  })

  it('of nothing but its partial tile is found out while that is partial', async () => {
    const log = await logOf(256, { kind: 'static-ct' })
    const reader = follow({ logs: [log.spec], pollIntervalMs: 10_000 })
    await reader.until(() => reader.certificates.length === 256)
    log.fault({ on: ENTRIES, flipBit: { in: 'leaf', item: 3, byte: 20 } })
    grow(log, 10)
    await reader.until(() => reader.misbehaviour.length > 0)
    expect(reader.state(log.logId)).toBe('misbehaving')
  })

  it('of two roots for one size is shown with both heads', async () => {
    const log = await logOf(200)
    const checkpoint = new MemoryCheckpointStore()
    const reader = follow({ logs: [log.spec], checkpoint, pollIntervalMs: 10_000 })
    await reader.until(() => reader.certificates.length === 200)
    // Its entries are not to be had: the first of its two heads stays unproven.
    log.fault({ on: ENTRIES, hang: true })
    const fork = log.fork(200)
    fork.add(certificates(50))
    fork.publish()
    log.add(certificates(50))
    log.publish()
    await reader.until(() => reader.heads.some(({ head }) => head.treeSize === 250))
    await reader.close()
    checkpoint.open()
    expect(checkpoint.load()[0]?.pendingHeads.map(({ treeSize }) => treeSize)).toEqual([250])
    checkpoint.close()

    log.fault({ on: ['get-sth'], from: fork })
    const again = follow({ logs: [log.spec], checkpoint, pollIntervalMs: 10_000 })
    await again.until(() => again.misbehaviour.length > 0)
    await again.close()
    checkpoint.open()
    const [evidence] = checkpoint.evidence()
    const roots = [evidence?.detail.head, evidence?.detail.newestHead].map(
      (head) => (head as { sha256_root_hash: string } | undefined)?.sha256_root_hash,
    )
    expect(new Set(roots).size).toBe(2)
    expect(evidence).toMatchObject({
      code: 'CT_HEAD_CONFLICT',
      detail: { head: { tree_size: 250 }, newestHead: { tree_size: 250 }, verifiedHead: { tree_size: 200 } },
    })
  })
})

describe('a log that was given up before it was opened', () => {
  it('goes on where its reader was when it comes back', async () => {
    const [stays, log] = [await logOf(5), await logOf(300)]
    const checkpoint = new MemoryCheckpointStore()
    const first = follow({ logs: [log.spec], checkpoint })
    await first.until(() => first.certificates.length === 300)
    first.stream.acknowledge()
    await first.close()
    const lists = closing(await ListServer.open(listOf(stays, log)))
    const dead = log.fault({ on: '*', status: 503 })
    const reader = follow({ logList: lists.url, checkpoint, start: 'now' })
    await reader.until(() => reader.state(log.logId) === 'waiting')
    lists.content = listOf(stays)
    await reader.until(() => reader.state(log.logId) === 'failed')
    dead.clear()
    grow(log, 100)
    lists.content = listOf(stays, log)
    await reader.until(() => reader.state(log.logId) === 'live')
    grow(log, 10)
    await reader.until(() => reader.certificates.at(-1)?.index === 409)
    expect(reader.indexes(log.logId)).toEqual(range(300, 410))
  })
})

describe('a log that leaves the lists while its head is in dispute', () => {
  it('does not end the stream, though nothing is proven (signatures-only)', async () => {
    const [stays, liar] = [await logOf(5), await logOf(300)]
    const lists = closing(await ListServer.open(listOf(stays, liar)))
    const reader = follow({ logList: lists.url, verify: 'signatures-only' })
    await reader.until(() => reader.certificates.length === 305)
    liar.fault({ on: 'get-sth', flipBit: { in: 'signature', byte: -5 } })
    await reader.until(() => reader.state(liar.logId) === 'misbehaving')
    lists.content = listOf(stays)
    await reader.until(() => reader.lists.some(({ removed }) => removed.length > 0))
    grow(stays, 5)
    await reader.until(() => reader.indexes(stays.logId).length === 10)
  })
})
