import { CtStreamError } from '../errors.js'
import type { MongoAddress } from './address.js'
import { isBulkError, type Keyed, type MongoConnection, type WriteError } from './connection.js'
import { DUPLICATE, isOfDocument, mongoError, shownText } from './errors.js'

/** A document to be written, and what is kept when it is refused. */
export interface NewDocument<T extends Keyed = Keyed> {
  readonly document: T
  /** Bytes of the log's entry behind it. */
  readonly entryBytes: number
  /** @param why - Of the server; nothing in it stands raw. */
  parked(why: string): Keyed
}

/** Limits of one message; the server's are 100,000 and 48 MB. */
const MAX_DOCUMENTS = 1024
const MAX_ENTRY_BYTES = 2 ** 21
/** What a server takes as one document. */
const MAX_DOCUMENT_BYTES = 16 * 2 ** 20
/** A document is 30 times its entry at most (names of one letter): below this none can be too large. */
const SMALL_ENTRY_BYTES = 2 ** 19

/**
 * Writes documents; those that are there have no effect. What the server refuses, or would, goes to the parked ones.
 *
 * @throws {@link CtStreamError} `CT_SINK_FAILED`
 */
export async function insertDocuments(
  connection: MongoConnection,
  address: MongoAddress,
  documents: Iterable<NewDocument>,
): Promise<void> {
  let chunk: NewDocument[] = []
  let bytes = 0
  for (const one of documents) {
    if (chunk.length === MAX_DOCUMENTS || (bytes + one.entryBytes > MAX_ENTRY_BYTES && chunk.length > 0)) {
      await insertChunk(connection, address, chunk)
      chunk = []
      bytes = 0
    }
    chunk.push(one)
    bytes += one.entryBytes
  }
  if (chunk.length > 0) await insertChunk(connection, address, chunk)
}

async function insertChunk(connection: MongoConnection, address: MongoAddress, chunk: readonly NewDocument[]) {
  const parked: Keyed[] = []
  const fitting: NewDocument[] = []
  for (const one of chunk) {
    const size = one.entryBytes < SMALL_ENTRY_BYTES ? 0 : connection.sizeOf(one.document)
    if (size <= MAX_DOCUMENT_BYTES) fitting.push(one)
    else parked.push(one.parked(`a document of ${size} bytes: MongoDB takes ${MAX_DOCUMENT_BYTES}`))
  }
  const errors = await insert(
    connection,
    address,
    'entries',
    fitting.map(({ document }) => document),
  )
  const repeated = errors
    .filter(({ code }) => code === DUPLICATE)
    .map(({ index }) => fitting[index]?.document._id ?? '')
  const there = await present(connection, repeated)
  const refused = new Set(errors.map(({ index }) => index))
  const isThere = ({ document }: NewDocument, index: number) => !refused.has(index) || there.has(document._id)
  const lastThere = fitting.findLastIndex(isThere)
  for (const { index, code, errmsg } of errors) {
    const one = fitting[index]
    if (one === undefined || there.has(one.document._id)) continue
    if (!isOfDocument(code, index < lastThere)) throw mongoError({ code, message: errmsg }, 'write entries', address)
    parked.push(one.parked(`${code}: ${shownText(errmsg)}`))
  }
  const [failed] = (await insert(connection, address, 'parked', parked)).filter(({ code }) => code !== DUPLICATE)
  if (failed === undefined) return
  const why = `the collection ${address.prefix}_parked at ${address.shown} takes no documents: ${shownText(failed.errmsg)}`
  throw new CtStreamError('CT_SINK_FAILED', why)
}

/** Which of these keys are there: what is repeated may also be another unique field, whose document is not. */
async function present(connection: MongoConnection, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const found = connection
    .collection('entries')
    .find({ _id: { $in: [...ids] } })
    .project<Keyed>({ _id: 1 })
  return new Set((await connection.step('ask what it has', () => found.toArray())).map(({ _id }) => _id))
}

/** @returns Errors of single documents. */
async function insert(
  connection: MongoConnection,
  address: MongoAddress,
  name: string,
  documents: readonly Keyed[],
): Promise<readonly WriteError[]> {
  if (documents.length === 0) return []
  const collection = connection.collection(name)
  try {
    await connection.step('write entries', () => collection.insertMany([...documents], { ordered: false }))
    return []
  } catch (error) {
    if (!isBulkError(error)) throw error
    const unsure = error.result?.getWriteConcernError?.()
    if (unsure !== undefined) throw mongoError({ code: 64, message: unsure.errmsg }, 'write entries', address)
    return [error.writeErrors].flat()
  }
}
