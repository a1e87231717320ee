import { contextOf, decodeEntry, rawOf } from '../../decode/decode-entry.js'
import type { EntryContext } from '../../decode/entry-context.js'
import { preCertificateOf } from '../../decode/sent-chain.js'
import { CtStreamError } from '../../errors.js'
import { SUBMITTED_START } from '../../intelligence/submitted-issuer.js'
import type { CtCertificate } from '../../types/certificate.js'
import type { EntryChain, EntryExtra, RawEntry } from '../../types/entries.js'
import type { BufferPool } from '../../util/buffer-pool.js'
import { copyInto, plain } from '../../util/bytes.js'
import { base64Extra, Rfc6962Extra } from '../../wire/extra-data.js'
import type { EntryTable } from '../../wire/leaf-batch.js'
import { leafKind } from '../../wire/merkle-leaf.js'
import { TileLeafExtra, tileExtra } from '../../wire/tile-leaf.js'
import { ByteWriter } from '../../wire/writer.js'
import type { SharedContext, SharedPage } from './messages.js'

/** Before the bytes of a page, for each entry: its index (a double), and where its leaf and its extra data end (32 bits each). */
const HEAD = 16
/** Octets of the length of a precertificate. */
const LENGTH = 3
/** How much of a precertificate goes along: all that rules read of it. */
const TILE_START = LENGTH + SUBMITTED_START
const BASE64_START = 4 * Math.ceil(TILE_START / 3)
/** What a data tile has behind an entry without issuers. */
const NO_CHAIN = new Uint8Array(0)

/**
 * Writes certificates into shared memory, as their logs sent them. Of what a log sends beside a leaf only the beginning of
 * precertificates goes along, in which their issuer is: modules that run in threads read nothing else of it.
 *
 * @param certificates - At least one, all of one log, all made by `decodeEntry`.
 */
export function writePage(certificates: readonly CtCertificate[], pool: BufferPool): [SharedPage, Buffer] {
  const count = certificates.length
  const raws: RawEntry[] = []
  const texts: string[] = []
  const textLengths: number[] = []
  let isAsSent = true
  for (const certificate of certificates) {
    const raw = rawOf(certificate) as RawEntry
    raws.push(raw)
    if (!(raw.extra instanceof Rfc6962Extra)) isAsSent = false
  }
  let length = HEAD * count
  for (const { leafInput, extra } of raws) {
    const isPrecert = leafKind(leafInput) === 'precert'
    const text = !isPrecert ? '' : isAsSent ? (extra as Rfc6962Extra).startOf(BASE64_START) : tileText(extra)
    const textLength = Math.min(text.length, isAsSent ? BASE64_START : TILE_START)
    texts.push(text)
    textLengths.push(textLength)
    length += leafInput.length + textLength
  }
  const memory = pool.take(length)
  const indexes = new Float64Array(memory.buffer, 0, count)
  const ends = new Uint32Array(memory.buffer, 8 * count, 2 * count)
  let at = HEAD * count
  for (let i = 0; i < count; i++) {
    const { index, leafInput } = raws[i] as RawEntry
    indexes[i] = index
    copyInto(memory, at, leafInput)
    at += leafInput.length
    ends[2 * i] = at
    at += memory.write(texts[i] as string, at, textLengths[i] as number, 'latin1')
    ends[2 * i + 1] = at
  }
  const page: SharedPage = {
    count,
    memory: memory.buffer as unknown as SharedArrayBuffer,
    extra: isAsSent ? 'get-entries' : 'data-tile',
    log: { ...(certificates[0] as CtCertificate).log },
    contexts: contextsOf(certificates),
  }
  return [page, memory]
}

/** The certificates of a page. They are views of its memory, and good until the page is forgotten. */
export function readPage({ count, memory, extra, log, contexts }: SharedPage): readonly CtCertificate[] {
  const text = Buffer.from(memory)
  const bytes = plain(text)
  const indexes = new Float64Array(memory, 0, count)
  const ends = new Uint32Array(memory, 8 * count, 2 * count)
  const make: EntryTable['extra'] = extra === 'get-entries' ? base64Extra : tileExtra
  const certificates: CtCertificate[] = []
  let at = HEAD * count
  let i = 0
  for (const part of contexts) {
    const context: EntryContext = { ...part.context, log, cursor: () => '', issuer }
    for (const end = i + part.count; i < end; i++) {
      const [leafEnd, extraEnd] = [ends[2 * i] as number, ends[2 * i + 1] as number]
      const leafInput = bytes.subarray(at, leafEnd)
      const shared = new SharedExtra({ text, from: leafEnd, to: extraEnd, make, leafInput })
      certificates.push(decodeEntry({ index: indexes[i] as number, leafInput, extra: shared }, context))
      at = extraEnd
    }
  }
  return certificates
}

const issuer = () =>
  Promise.reject(
    new CtStreamError('CT_CLOSED', 'issuers are not fetched in the thread of a module: they are not needed'),
  )

function tileText(extra: EntryExtra): string {
  if (extra instanceof TileLeafExtra) return extra.latin1
  const bytes = new ByteWriter().vector(preCertificateOf(extra), 3).vector(NO_CHAIN, 2).bytes()
  return Buffer.from(bytes).toString('latin1')
}

function contextsOf(certificates: readonly CtCertificate[]): SharedPage['contexts'] {
  const runs: { count: number; readonly context: SharedContext }[] = []
  let last: EntryContext | undefined
  for (const certificate of certificates) {
    const context = contextOf(certificate) as EntryContext
    if (context === last) (runs.at(-1) as { count: number }).count++
    else {
      const { historical, verified = false, accusedOf, seenAt } = context
      runs.push({ count: 1, context: { historical, verified, accusedOf, ...(seenAt !== undefined && { seenAt }) } })
    }
    last = context
  }
  return runs
}

interface ExtraPlace {
  readonly text: Buffer
  readonly from: number
  readonly to: number
  readonly make: EntryTable['extra']
  readonly leafInput: Uint8Array
}

/** The beginning of a precertificate in a page: made of its bytes when it is read, as most is not. */
class SharedExtra implements EntryExtra {
  private readonly place: ExtraPlace

  constructor(place: ExtraPlace) {
    this.place = place
  }

  preCertificate(): Uint8Array | undefined {
    return undefined
  }

  preCertificateStart(least: number): Uint8Array | undefined {
    // As base64 in groups of four characters.
    return this.upTo(4 * Math.ceil((least + LENGTH) / 3))?.preCertificateStart?.(least)
  }

  chain(): EntryChain {
    return { kind: 'certificates', certificates: [] }
  }

  /** `undefined` for an X.509 entry, for which nothing was written, and where the log sent nothing. */
  private upTo(length: number): EntryExtra | undefined {
    const { text, from, to, make, leafInput } = this.place
    if (from === to) return undefined
    return make(text, from, Math.min(to, from + length), leafInput)
  }
}
