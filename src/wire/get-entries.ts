import type { EntryBatch } from '../types/entries.js'
import { bufferOf, plain } from '../util/bytes.js'
import { atOnce, BYTES_PER_TURN, type Steps } from '../util/turns.js'
import { decodeBase64Into, decodeBase64Steps } from './base64.js'
import { Rfc6962Extra } from './extra-data.js'
import { JsonScanner } from './json-scanner.js'
import { type EntryTable, LeafBatch, PLACES } from './leaf-batch.js'
import { leafKind } from './merkle-leaf.js'

/** What an answer may have besides its leaves and extra data: white space, fields of the operator's own. */
const SPARE = 64 * 1024
const SPARE_PER_ENTRY = 8 * 1024

/**
 * Reads a get-entries answer (RFC 6962 section 4.6), whole: {@link getEntriesSteps} in one go.
 * @throws as it.
 */
export function parseGetEntries(
  body: Uint8Array,
  start: number,
  maxEntries?: number,
  release?: () => void,
): EntryBatch {
  return atOnce(getEntriesSteps(body, start, maxEntries, release))
}

/** As {@link getEntriesTable}, with the leaves as a batch. @param release - Called when the batch does not need `body` any more. */
export function* getEntriesSteps(
  body: Uint8Array,
  start: number,
  maxEntries?: number,
  release?: () => void,
): Steps<EntryBatch> {
  return yield* LeafBatch.steps(start, yield* getEntriesTable(body, start, maxEntries), release)
}

/**
 * Reads a get-entries answer (RFC 6962 section 4.6), with a pause after every megabyte of work.
 *
 * The hot path of a log client. The answer is scanned, at a fraction of the cost of `JSON.parse`, and nothing is made of what is
 * not an entry: its strings are found by their quotes, each leaf is decoded over the base64 it came in, the extra data is left as
 * it is. What scanning cannot see, a string of extra data with characters that JSON forbids, is seen when that extra data is
 * asked for.
 *
 * @param body - The answer. The table keeps it, and writes over it.
 * @param start - Index of the first entry asked for.
 * @param maxEntries - How many were asked for. Default: any number.
 * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable, when it is not a JSON answer with 1 to `maxEntries`
 * entries whose leaves are base64, or has more than 8 KiB an entry, and 64 KiB, of anything else.
 */
export function* getEntriesTable(
  body: Uint8Array,
  start: number,
  maxEntries = Number.POSITIVE_INFINITY,
): Steps<EntryTable> {
  const spare = SPARE + SPARE_PER_ENTRY * maxEntries
  const scanner = yield* JsonScanner.open(bufferOf(body), 'get-entries', spare)
  const ends = scanEntries(scanner, start, maxEntries)
  return yield* decodeLeaves(scanner, ends, start)
}

/**
 * Decodes each leaf where its base64 stands, behind a 0x00 in place of the quote before it.
 *
 * @param ends - Where the strings of entry `i` begin and end, at `4 * i`: leaf from, to, extra from, to.
 */
function* decodeLeaves(scanner: JsonScanner, ends: readonly number[], start: number): Steps<EntryTable> {
  const { text } = scanner
  const places = Uint32Array.from(ends)
  let decoded = 0
  for (let at = 0; at < ends.length; at += PLACES) {
    const from = ends[at] as number
    const to = ends[at + 1] as number
    const end =
      to - from > BYTES_PER_TURN
        ? yield* decodeBase64Steps(text, from, to, text, from)
        : decodeBase64Into(text.toString('latin1', from, to), text, from)
    if (end === undefined) throw scanner.refuse(`leaf_input of entry ${start + at / PLACES} is not base64`)
    text[from - 1] = 0x00
    places[at] = from - 1
    places[at + 1] = end
    decoded += to - from
    if (decoded < BYTES_PER_TURN) continue
    decoded = 0
    yield
  }
  return { bytes: plain(text), places, extra: base64Extra }
}

/** Extra data as the base64 it came in. */
export const base64Extra: EntryTable['extra'] = (latin1, leafInput) => new Rfc6962Extra(latin1, leafKind(leafInput))

/**
 * Finds the strings of `{"entries":[{"leaf_input":"...","extra_data":"..."},...]}`, whatever else there is. Of a field that is there
 * twice the last one counts, as with `JSON.parse`.
 *
 * @returns Where the strings of entry `i` begin and end, at `4 * i`: leaf from, to, extra from, to.
 */
function scanEntries(scanner: JsonScanner, start: number, maxEntries: number): number[] {
  let ends: number[] | undefined
  if (scanner.peek() !== 0x7b) throw notAnObject(scanner)
  scanner.expect('{')
  if (!scanner.token('}')) {
    do {
      if (scanner.name(['entries']) === undefined) scanner.skip()
      else ends = scanArray(scanner, start, maxEntries)
    } while (scanner.token(','))
    scanner.expect('}')
  }
  scanner.finish()
  if (ends === undefined) throw scanner.refuse('no array of entries')
  if (ends.length === 0) throw scanner.refuse('no entries')
  return ends
}

/** JSON of another kind, or none. */
function notAnObject(scanner: JsonScanner): Error {
  scanner.skip()
  scanner.finish()
  return scanner.refuse('not a JSON object')
}

function scanArray(scanner: JsonScanner, start: number, maxEntries: number): number[] | undefined {
  if (!scanner.token('[')) {
    scanner.skip()
    return undefined
  }
  const ends: number[] = []
  if (scanner.token(']')) return ends
  do {
    const count = ends.length / PLACES
    if (count === maxEntries) throw scanner.refuse(`more than the ${maxEntries} entries asked for`)
    scanEntry(scanner, start + count, ends)
  } while (scanner.token(','))
  scanner.expect(']')
  return ends
}

const FIELDS = ['leaf_input', 'extra_data'] as const

function scanEntry(scanner: JsonScanner, index: number, ends: number[]): void {
  let leafFrom = -1
  let leafTo = -1
  let extraFrom = -1
  let extraTo = -1
  let isExtraBad = false
  if (!scanner.token('{')) scanner.skip()
  else if (!scanner.token('}')) {
    do {
      const field = scanner.name(FIELDS)
      if (field === 'leaf_input') {
        leafFrom = -1
        if (!scanner.string()) scanner.skip()
        else {
          leafFrom = scanner.from
          leafTo = scanner.to
        }
      } else if (field === 'extra_data') {
        extraFrom = -1
        isExtraBad = false
        if (scanner.string()) {
          extraFrom = scanner.from
          extraTo = scanner.to
        } else if (!scanner.null()) {
          isExtraBad = true
          scanner.skip()
        }
      } else scanner.skip()
    } while (scanner.token(','))
    scanner.expect('}')
  }
  if (leafFrom < 0) throw scanner.refuse(`entry ${index} has no leaf_input`)
  if (isExtraBad) throw scanner.refuse(`extra_data of entry ${index} is not a string`)
  // A log that lost the extra data may leave it out, or write null.
  if (extraFrom < 0) extraFrom = extraTo = leafTo
  ends.push(leafFrom, leafTo, extraFrom, extraTo)
}
