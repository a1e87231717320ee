import { CtStreamError } from '../errors.js'
import type { GetOptions, HttpAnswer, PageForm, Transport } from '../http/transport.js'
import type { EntryBatch } from '../types/entries.js'
import type { BufferPool } from '../util/buffer-pool.js'
import { inTurns, type Steps } from '../util/turns.js'
import { base64Extra, getEntriesTable } from '../wire/get-entries.js'
import { type EntryTable, LeafBatch } from '../wire/leaf-batch.js'
import { dataTileTable, tileExtra } from '../wire/tile-leaf.js'
import { refused, refuseHtml } from './refused-answer.js'

/** The entries of an answer, and what gives their memory back. */
export interface FetchedTable {
  readonly table: EntryTable
  readonly release: (() => void) | undefined
}

/**
 * Asks for a page of entries and finds them in the answer.
 *
 * @param pool - Memory for the copy of a data tile.
 * @throws what `Transport.get` throws; {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable, for an answer that is not of this form.
 */
export async function fetchPage(
  transport: Transport,
  url: string,
  form: PageForm,
  options: GetOptions,
  pool?: BufferPool,
): Promise<EntryBatch> {
  const answer = await transport.get(url, options)
  return await readPage(url, answer, form, options.signal, pool)
}

/** The entries of an answer, in as many turns of the event loop as it takes. @throws as {@link fetchPage}. */
export async function readPage(
  url: string,
  answer: HttpAnswer,
  form: PageForm,
  signal: AbortSignal | undefined,
  pool?: BufferPool,
): Promise<EntryBatch> {
  return await reading(url, answer.body, signal, function* () {
    const { table, release } = yield* tableOf(answer, form, pool)
    return yield* LeafBatch.steps(form.start, table, release)
  })
}

/**
 * What is made of an answer's body, in as many turns of the event loop as `make` pauses for.
 * @throws what it throws, retryable and naming the URL; `signal.reason` when aborted between two turns.
 */
export async function reading<T>(
  url: string,
  body: Uint8Array,
  signal: AbortSignal | undefined,
  make: () => Steps<T>,
): Promise<T> {
  try {
    refuseHtml(body)
    return await inTurns(make(), signal)
  } catch (error) {
    if (!CtStreamError.is(error) || error === signal?.reason) throw error
    throw refused(url, error)
  }
}

/** Where the entries are in an answer. */
export function* tableOf({ body, release }: HttpAnswer, form: PageForm, pool?: BufferPool): Steps<FetchedTable> {
  if (form.kind === 'get-entries') return { table: yield* getEntriesTable(body, form.start, form.count), release }
  const tile = dataTileTable(body, form.count, pool)
  // The table is a copy.
  release?.()
  return tile
}

/** What makes extra data of the bytes beside a leaf. */
export function extraOf({ kind }: PageForm): EntryTable['extra'] {
  return kind === 'get-entries' ? base64Extra : tileExtra
}
