import { CtStreamError } from '../errors.js'
import type { SearchAddress } from './address.js'
import type { SearchConnection } from './connection.js'
import { faultError, isOfDocument, type SearchFault, shownFault } from './errors.js'

/** A document to be written, and what is kept when it is refused. */
export interface NewDocument {
  readonly index: string
  readonly id: string
  /** JSON, in one line. */
  readonly source: string
  /** @param why - Of the server; nothing in it stands raw. */
  parked(why: string): object
}

/** What the server says of one document. */
interface Item {
  readonly create?: {
    readonly _id?: string
    readonly status?: number
    readonly result?: string
    readonly error?: SearchFault
  }
}

/** Limits of one request; a server's is 100 MB by default. */
const MAX_DOCUMENTS = 1024
const MAX_CHARACTERS = 2 ** 22

/**
 * Writes documents; those that are there have no effect. What the server refuses goes to the parked ones.
 *
 * @throws {@link CtStreamError} `CT_SINK_FAILED`
 */
export async function createDocuments(
  connection: SearchConnection,
  address: SearchAddress,
  documents: Iterable<NewDocument>,
): Promise<void> {
  let chunk: NewDocument[] = []
  let characters = 0
  for (const one of documents) {
    const size = one.source.length
    if (chunk.length === MAX_DOCUMENTS || (characters + size > MAX_CHARACTERS && chunk.length > 0)) {
      await createChunk(connection, address, chunk)
      chunk = []
      characters = 0
    }
    chunk.push(one)
    characters += size
  }
  if (chunk.length > 0) await createChunk(connection, address, chunk)
}

async function createChunk(connection: SearchConnection, address: SearchAddress, chunk: readonly NewDocument[]) {
  const refused = await create(connection, address, chunk)
  if (refused.length === 0) return
  const parked = refused.map(({ document, why }) => ({
    ...document,
    index: `${address.prefix}-parked`,
    source: JSON.stringify(document.parked(why)),
  }))
  const [again] = await create(connection, address, parked)
  if (again === undefined) return
  throw new CtStreamError(
    'CT_SINK_FAILED',
    `the index ${address.prefix}-parked at ${address.shown} takes no documents: ${again.why}`,
  )
}

/** @returns Documents that the server does not take, and why. */
async function create(
  connection: SearchConnection,
  address: SearchAddress,
  chunk: readonly NewDocument[],
): Promise<readonly { readonly document: NewDocument; readonly why: string }[]> {
  const lines = chunk
    .map(({ index, id, source }) => `{"create":{"_index":"${index}","_id":"${id}"}}\n${source}\n`)
    .join('')
  let answer: { items?: readonly Item[] }
  try {
    answer = (await connection.send('write entries', {
      method: 'POST',
      path: '/_bulk',
      query: { filter_path: 'items.*._id,items.*.status,items.*.result,items.*.error' },
      lines,
    })) as typeof answer
  } catch (error) {
    if (!isTooLarge(error)) throw error
    // The server takes less than it does by default: half of it, down to the one document that is too large.
    const [document] = chunk
    if (chunk.length === 1 && document !== undefined)
      return [
        { document, why: `a document of ${document.source.length} characters: more than http.max_content_length` },
      ]
    const half = Math.ceil(chunk.length / 2)
    return [
      ...(await create(connection, address, chunk.slice(0, half))),
      ...(await create(connection, address, chunk.slice(half))),
    ]
  }
  // By key: a server with an ingest pipeline answers in another order.
  const left = new Map(chunk.map((document) => [document.id, document]))
  const items: { document: NewDocument; status: number; result: string | undefined; error: SearchFault }[] = []
  for (const { create: { _id = '', status = 0, result, error = {} } = {} } of answer.items ?? []) {
    const document = left.get(_id)
    if (document !== undefined) items.push({ document, status, result, error })
    left.delete(_id)
  }
  // 409: it is there already.
  const isThere = ({ status, result }: (typeof items)[number]) => status === 409 || result === 'created'
  const taking = new Set(items.filter(isThere).map(({ document }) => document.index))
  const refused: { document: NewDocument; why: string }[] = []
  for (const item of items) {
    const { document, status, result, error } = item
    if (isThere(item)) continue
    if (status >= 200 && status < 300)
      refused.push({ document, why: `the server did not keep it (${result}): does an ingest pipeline drop it?` })
    else if (isOfDocument(status, error, taking.has(document.index))) refused.push({ document, why: shownFault(error) })
    else throw faultError(status, error, 'write entries', address)
  }
  if (left.size > 0) throw faultError(502, { reason: 'no answer for some entries' }, 'write entries', address)
  return refused
}

const isTooLarge = (error: unknown): boolean =>
  ((error as { cause?: { statusCode?: unknown } } | null)?.cause?.statusCode ?? 0) === 413
