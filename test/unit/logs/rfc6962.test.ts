import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CtStreamError } from '../../../src/errors.js'
import { UndiciTransport } from '../../../src/http/undici-transport.js'
import type { LogClient } from '../../../src/logs/client.js'
import { openLog } from '../../../src/logs/open-log.js'
import { verifyInclusion } from '../../../src/merkle/inclusion.js'
import { ctError } from '../http/errors.js'
import { StandInLog } from './stand-in-log.js'

let log: StandInLog
let client: LogClient
let transport: UndiciTransport

beforeEach(async () => {
  log = await StandInLog.start('rfc6962', 100)
  transport = new UndiciTransport()
  client = openLog(log.spec, { transport })
})
afterEach(async () => {
  await transport.close()
  await log.close()
})

const json = (edit: (answer: Record<string, unknown>) => void) => (body: Buffer) => {
  const answer = JSON.parse(body.toString())
  edit(answer)
  return Buffer.from(JSON.stringify(answer))
}

describe('get-entries', () => {
  it('ends where the log ends its pages; the caller goes on from there', async () => {
    const lengths: number[] = []
    for (let at = 5; at < 100; at += lengths.at(-1) ?? 0) lengths.push((await client.entries(at, 100)).length)
    expect(lengths).toEqual([27, 32, 32, 4])
    expect(log.asked[0]).toBe('ct/v1/get-entries?start=5&end=99')
  })

  it.each([
    [
      'more entries than asked',
      json((a) => void (a.entries as unknown[]).push({ leaf_input: 'AAAA', extra_data: '' })),
    ],
    ['no entries', json((a) => void (a.entries = []))],
    ['a leaf that is not base64', json((a) => void (a.entries = [{ leaf_input: '!!!!', extra_data: '' }]))],
    ['a leaf in the URL alphabet', json((a) => void (a.entries = [{ leaf_input: 'AA_-', extra_data: '' }]))],
    ['no leaf', json((a) => void (a.entries = [{ extra_data: '' }]))],
    ['entries that are no array', json((a) => void (a.entries = { length: 2 }))],
  ])('refuses %s', async (_, fault) => {
    log.fault = fault
    const error = await ctError(client.entries(0, 8))
    expect(error).toMatchObject({ code: 'CT_RESPONSE_MALFORMED', retryable: true })
    expect(error.message).toContain('get-entries?start=0&end=7')
  })

  it('may be asked again when the front end lags behind the head', async () => {
    const error = await ctError(client.entries(100, 101))
    expect(error).toMatchObject({ code: 'CT_HTTP_STATUS', status: 400, retryable: true })
    expect(error.message).toContain('need tree size: 101 to get leaves but only got: 100')
  })

  it('asks for fewer entries after an answer that was too large, then for more again', async () => {
    const huge = (response: ServerResponse) =>
      void response.writeHead(200, { 'content-length': 70_000_000 }).write('{"entries":[')
    log.fault = (body, path) => (/end=(?:[4-9]|\d\d)/.test(path) ? huge : body)
    const lengths: (number | string)[] = []
    for (let i = 0; i < 4; i++)
      lengths.push(
        await client.entries(0, 32).then(
          ({ length }) => length,
          (error: CtStreamError) => error.code,
        ),
      )
    expect(lengths).toEqual(['CT_RESPONSE_TOO_LARGE', 'CT_RESPONSE_TOO_LARGE', 2, 4])
    log.fault = undefined
    expect((await client.entries(0, 32)).length).toBe(8)
  })

  it('is not worth asking again after any other 400', async () => {
    log.fault = () => (response) => void response.writeHead(400).end('bad start')
    expect(await ctError(client.entries(0, 1))).toMatchObject({ status: 400, retryable: false })
  })
})

describe('proofs', () => {
  it('of an equal leaf elsewhere are asked for by index', async () => {
    const head = log.sign(100)
    const leaf = log.tree.leafHash(41)
    expect(leaf).toEqual(log.tree.leafHash(40))
    verifyInclusion(leaf, 41, 100, await client.inclusion(41, leaf, head), head.rootHash)
    expect(log.asked.map((path) => path.split('?')[0])).toEqual([
      'ct/v1/get-proof-by-hash',
      'ct/v1/get-entry-and-proof',
    ])
  })

  it('by hash escape what base64 has and queries have not', async () => {
    const isAwkward = (i: number) => /[+/].*=/.test(Buffer.from(log.tree.leafHash(i)).toString('base64'))
    const index = [...Array(100).keys()].findIndex(isAwkward)
    await client.inclusion(index, log.tree.leafHash(index), log.sign(100))
    expect(log.asked).toHaveLength(1)
    expect(log.asked[0]).toMatch(/hash=[A-Za-z0-9%]+%3D&tree_size=100$/)
  })

  it('that are wrong are refused, and the next question is asked as if nothing had been', async () => {
    const flip = json((a) => {
      const field = 'consistency' in a ? 'consistency' : 'audit_path'
      a[field] = (a[field] as string[]).map((_, i) => Buffer.alloc(32, i).toString('base64'))
    })
    log.fault = flip
    const head = log.sign(100)
    expect(await ctError(client.frontier(77, head))).toMatchObject({ code: 'CT_CONSISTENCY', retryable: true })
    expect(await ctError(client.frontier(100, head))).toMatchObject({ code: 'CT_INCLUSION', retryable: true })
    log.fault = undefined
    expect((await client.frontier(77, head)).size).toBe(77)
  })

  it('of the empty and the whole tree are not asked for', async () => {
    expect(await client.consistency(0, log.sign(100))).toEqual([])
    expect(await client.consistency(100, log.sign(100))).toEqual([])
    expect((await client.frontier(0, log.sign(100))).size).toBe(0)
    expect(log.asked).toEqual([])
  })
})

describe('a log without get-entry-and-proof, as many are', () => {
  it('is joined at its head, and in the middle of two equal leaves', async () => {
    log.fault = (_, path) =>
      path.startsWith('ct/v1/get-entry-and-proof') ? (response) => void response.writeHead(404).end() : undefined
    for (const index of [100, 42]) {
      const range = await client.frontier(index, log.sign(100))
      expect(Buffer.compare(range.root(), log.tree.root(index))).toBe(0)
    }
    const atDuplicate = await client.frontier(42, log.grow(42))
    expect(Buffer.compare(atDuplicate.root(), log.tree.root(42))).toBe(0)
  })
})
