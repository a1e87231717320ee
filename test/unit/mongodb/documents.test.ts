import { expect, it } from 'vitest'
import type { MongoAddress } from '../../../src/mongodb/address.js'
import type { MongoConnection, WriteError } from '../../../src/mongodb/connection.js'
import { insertDocuments } from '../../../src/mongodb/documents.js'

const address: MongoAddress = { url: '', database: 'ct', prefix: 'ct', shown: 'mongodb://db' }
const IDS = ['l:0', 'l:1', 'l:2', 'l:3'] as const

/**
 * Writes four documents to a server that refuses some of them.
 *
 * @param codes - By the document's place; 11000: it is there.
 */
async function written(codes: Readonly<Record<number, number>>) {
  const parked: string[] = []
  const there = IDS.filter((_, index) => codes[index] === 11_000)
  const connection = {
    sizeOf: () => 0,
    step: (_: string, work: () => Promise<unknown>) => work(),
    collection: (name: string) => ({
      insertMany: async (documents: readonly { _id: string }[]) => {
        if (name === 'parked') {
          parked.push(...documents.map(({ _id }) => _id))
          return
        }
        const writeErrors = Object.entries(codes).map(
          ([index, code]): WriteError => ({ index: Number(index), code, errmsg: 'no' }),
        )
        if (writeErrors.length > 0) throw Object.assign(new Error('no'), { name: 'MongoBulkWriteError', writeErrors })
      },
      find: () => ({ project: () => ({ toArray: async () => there.map((_id) => ({ _id })) }) }),
    }),
  }
  const documents = IDS.map((_id) => ({ document: { _id }, entryBytes: 10, parked: (why: string) => ({ _id, why }) }))
  await insertDocuments(connection as unknown as MongoConnection, address, documents)
  return parked
}

const all = (code: number) => ({ 0: code, 1: code, 2: code, 3: code })

it('writes what the server takes, and sets nothing aside', async () => {
  expect(await written({})).toEqual([])
  expect(await written(all(11_000))).toEqual([])
})

it.each([
  ['a value that it does not take', 2],
  ['a validator of the collection', 121],
  ['a document that is too large', 10_334],
  ['a key of an index that is too long', 17_280],
])('sets documents aside for %s, also when none is taken', async (_, code) => {
  expect(await written({ 1: code })).toEqual(['l:1'])
  expect(await written(all(code))).toEqual([...IDS])
})

it.each([
  ['an internal error', 1],
  ['an unknown error', 8],
  ['a shard that is not found', 70],
  ['a router that makes no progress', 82],
  ['another operation', 117],
  ['a snapshot that is not there', 246],
  ['writes that are blocked', 371],
  ['a stale configuration', 13_388],
  ['a rate limit', 16_500],
  ['a shutdown', 91],
])('retries, and sets nothing aside, for %s', async (_, code) => {
  const passing = { code: 'CT_SINK_FAILED', retryable: true }
  await expect(written(all(code))).rejects.toMatchObject(passing)
  // Also one that begins or ends while documents are written.
  await expect(written({ 2: code, 3: code })).rejects.toMatchObject(passing)
  await expect(written({ 0: code })).rejects.toMatchObject(passing)
})

it('sets a document aside for an error that it does not know where the server took others behind it', async () => {
  expect(await written({ 1: 98_765 })).toEqual(['l:1'])
  // Another attempt, after the process died: they are there.
  expect(await written({ 0: 98_765, 1: 11_000, 2: 11_000, 3: 11_000 })).toEqual(['l:0'])
})

it('fails for an error that it does not know where the server took none behind it', async () => {
  const failed = { code: 'CT_SINK_FAILED', message: expect.stringContaining('no') }
  await expect(written(all(98_765))).rejects.toMatchObject(failed)
  await expect(written({ 1: 98_765, 2: 98_765, 3: 98_765 })).rejects.toMatchObject(failed)
})
