import { CtStreamError } from '../errors.js'
import type { GetOptions, HttpAnswer, PageForm, Transport } from '../http/transport.js'
import type { EntryBatch } from '../types/entries.js'
import type { BufferPool } from '../util/buffer-pool.js'
import { inTurns, type Steps } from '../util/turns.js'
import { base64Extra } from '../wire/extra-data.js'
import { getEntriesTable } from '../wire/get-entries.js'
import { type EntryTable, LeafBatch } from '../wire/leaf-batch.js'
import { dataTileTable, tileExtra } from '../wire/tile-leaf.js'
import { refused, refuseHtml } from './refused-answer.js'

/** The entries of an answer, and the function that releases their memory. */
export interface FetchedTable {
  readonly table: EntryTable
  readonly release: (() => void) | undefined
}

/**
 * Requests a page of entries and locates them in the answer.
 *
 * @throws what `Transport.get` throws; {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable, for an answer of another form.
 */
export async function fetchPage(
  transport: Transport,
  url: string,
  form: PageForm,
  options: GetOptions,
): Promise<EntryBatch> {
  const answer = await transport.get(url, options)
  return await readPage(url, answer, form, options.signal, transport.pool)
}

/**
 * Locates and hashes the entries of an answer, yielding to the event loop in between.
 *
 * @param pool - Memory for the copy of a data tile.
 * @throws as {@link fetchPage}.
 */
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
 * Runs a parser over an answer's body, yielding to the event loop at each pause of `make`.
 * @throws what `make` throws, retryable and naming the URL; `signal.reason` when aborted during a pause.
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

/** Locates the entries in an answer. */
export function* tableOf({ body, release }: HttpAnswer, form: PageForm, pool?: BufferPool): Steps<FetchedTable> {
  if (form.kind === 'get-entries') return { table: yield* getEntriesTable(body, form.start, form.count), release }
  const tile = dataTileTable(body, form.count, pool)
  // The table has a copy of the body.
  release?.()
  return tile
}

/** How to decode the extra data beside a leaf. */
export function extraOf({ kind }: PageForm): EntryTable['extra'] {
  return kind === 'get-entries' ? base64Extra : tileExtra
}
