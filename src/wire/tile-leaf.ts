import { CtStreamError } from '../errors.js'
import type { EntryBatch, EntryChain, EntryExtra } from '../types/entries.js'
import type { BufferPool } from '../util/buffer-pool.js'
import { ByteReader, copyInto, fromLatin1, plain } from '../util/bytes.js'
import { atOnce, type Steps } from '../util/turns.js'
import { chainTooLong, MAX_CHAIN } from './chain-bounds.js'
import { type EntryTable, LeafBatch, PLACES } from './leaf-batch.js'
import { malformedResponse } from './malformed.js'
import { leafKind } from './merkle-leaf.js'

const FINGERPRINT_LENGTH = 32
const LENGTH_OCTETS = 3
/** Zero bytes before the `TimestampedEntry` of a leaf that a tile leaves out: the 0x00 of its hash, the version and the leaf type. */
const PREFIX_LENGTH = 3

/** Where the memory of a page comes from, and goes to when it is released. */
export type PageMemory = Pick<BufferPool, 'take' | 'give'>

/**
 * Reads a data tile: a sequence of `TileLeaf`s without count or separators (C2SP static-ct-api, "Log Entries").
 *
 * @param tile - Decompressed bytes, which are copied.
 * @param start - Index of its first entry: the tile index times 256.
 * @param width - Expected number of entries: 256, or the requested width of a partial tile.
 * @param pool - Supplies memory for the copy, until the batch is released. Default: new memory.
 * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable, when it is not exactly that many `TileLeaf`s.
 */
export function parseDataTile(tile: Uint8Array, start: number, width: number, pool?: PageMemory): EntryBatch {
  return atOnce(dataTileSteps(tile, start, width, pool))
}

/** Like {@link parseDataTile}, with a pause after every megabyte of work, for tiles much larger than real ones. */
export function* dataTileSteps(tile: Uint8Array, start: number, width: number, pool?: PageMemory): Steps<EntryBatch> {
  const { table, release } = dataTileTable(tile, width, pool)
  return yield* LeafBatch.steps(start, table, release)
}

/** Like {@link parseDataTile}, with a function that returns the memory of the copy. */
export function dataTileTable(
  tile: Uint8Array,
  width: number,
  pool?: PageMemory,
): { readonly table: EntryTable; readonly release: () => void } {
  const spans = findLeaves(tile, width)
  const length = tile.length + width * PREFIX_LENGTH
  const memory = pool?.take(length) ?? Buffer.allocUnsafeSlow(length)
  const bytes = plain(memory.subarray(0, length))
  const places = new Uint32Array(PLACES * width)
  for (let i = 0, at = 0; i < width; i++) {
    const from = spanAt(spans, 2 * i)
    const to = spanAt(spans, 2 * i + 2)
    const entryAt = at + PREFIX_LENGTH
    bytes.fill(0, at, entryAt)
    copyInto(memory, entryAt, tile.subarray(from, to))
    places[PLACES * i] = at
    places[PLACES * i + 1] = places[PLACES * i + 2] = entryAt + spanAt(spans, 2 * i + 1) - from
    at = entryAt + to - from
    places[PLACES * i + 3] = at
  }
  return { table: { bytes, places, extra: tileExtra }, release: () => pool?.give(memory) }
}

export const tileExtra: EntryTable['extra'] = (text, from, to, leafInput) =>
  new TileLeafExtra(text.toString('latin1', from, to), leafKind(leafInput) === 'precert')

/** The part of a `TileLeaf` after its `TimestampedEntry`. */
export class TileLeafExtra implements EntryExtra {
  /** As it came, a character a byte. */
  readonly latin1: string
  private readonly isPrecert: boolean

  /** @param latin1 - Its bytes as a string, a character for each. */
  constructor(latin1: string, isPrecert: boolean) {
    this.latin1 = latin1
    this.isPrecert = isPrecert
  }

  get byteLength(): number {
    return this.latin1.length
  }

  preCertificate(): Uint8Array | undefined {
    if (!this.isPrecert) return undefined
    const reader = new ByteReader(fromLatin1(this.latin1), 'TileLeaf')
    const length = reader.u24('pre_certificate length')
    return length === 0 ? undefined : reader.view(length, 'pre_certificate')
  }

  preCertificateStart(least: number): Uint8Array | undefined {
    if (!this.isPrecert) return undefined
    const start = fromLatin1(this.latin1.slice(0, LENGTH_OCTETS + least))
    // opaque ASN.1Cert<1..2^24-1>;
    const [a = 0, b = 0, c = 0] = start
    return start.subarray(LENGTH_OCTETS, LENGTH_OCTETS + a * 0x10000 + b * 0x100 + c)
  }

  /** @throws {@link CtStreamError} `CT_LEAF_MALFORMED` when the chain is not a sequence of at most 16 fingerprints. */
  chain(): EntryChain {
    const reader = new ByteReader(fromLatin1(this.latin1), 'TileLeaf')
    if (this.isPrecert) reader.skip(reader.u24('pre_certificate length'), 'pre_certificate')
    // Fingerprint certificate_chain<0..2^16-1>;
    const length = reader.u16('certificate_chain length')
    if (length % FINGERPRINT_LENGTH !== 0)
      reader.fail(`a chain of ${length} bytes is not a row of SHA-256 fingerprints`)
    if (length > MAX_CHAIN * FINGERPRINT_LENGTH) throw chainTooLong()
    const fingerprints: Uint8Array[] = []
    for (let i = 0; i < length; i += FINGERPRINT_LENGTH)
      fingerprints.push(reader.view(FINGERPRINT_LENGTH, 'fingerprint'))
    reader.finish()
    return { kind: 'fingerprints', fingerprints }
  }
}

/** Start and end of each `TimestampedEntry`, and where the last `TileLeaf` ends. */
function findLeaves(tile: Uint8Array, width: number): Uint32Array {
  const spans = new Uint32Array(2 * width + 1)
  const reader = new ByteReader(tile, 'data tile', 'CT_RESPONSE_MALFORMED')
  let found = 0
  try {
    for (; found < width; found++) {
      spans[2 * found] = reader.offset
      const isPrecert = skipTimestampedEntry(reader)
      spans[2 * found + 1] = reader.offset
      // ASN.1Cert pre_certificate;
      if (isPrecert) reader.skip(reader.u24('pre_certificate length'), 'pre_certificate')
      // Fingerprint certificate_chain<0..2^16-1>;
      reader.skip(reader.u16('certificate_chain length'), 'certificate_chain')
    }
    reader.finish()
  } catch (cause) {
    if (!CtStreamError.is(cause)) throw cause
    throw malformedResponse('data tile', `${cause.message.replace(/^data tile: /, '')}, in entry ${found} of ${width}`)
  }
  spans[2 * width] = reader.offset
  return spans
}

/** @returns Whether it is a precert entry. */
function skipTimestampedEntry(reader: ByteReader): boolean {
  // uint64 timestamp;
  reader.skip(8, 'timestamp')
  // LogEntryType entry_type;
  const entryType = reader.u16('entry_type')
  if (entryType > 1) reader.fail(`unknown entry_type ${entryType}`)
  // opaque issuer_key_hash[32];
  if (entryType === 1) reader.skip(32, 'issuer_key_hash')
  // ASN.1Cert, or opaque TBSCertificate<1..2^24-1>;
  reader.skip(reader.u24('certificate length'), 'certificate')
  // CtExtensions extensions;
  reader.skip(reader.u16('extensions length'), 'extensions')
  return entryType === 1
}

const spanAt = (spans: Uint32Array, i: number): number => spans[i] as number
