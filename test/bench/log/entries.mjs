import { hash } from 'node:crypto'
import { serialOfCertificate, serialOfTbs } from './der.mjs'

export const PAGE = 256
/** Milliseconds between the timestamps of two entries. */
const PACE = 10
const FIRST_TIME = Date.UTC(2026, 0, 1)
/** Octets at the end of the serial number that vary: the rest stays what the CA chose. */
const VARIED = 4

/**
 * As many entries as asked for out of a few thousand: entry `i` is template `i % count` with a timestamp, a leaf index
 * (static-ct-api's extension) and a serial number of its own, in the leaf and in the precertificate alike. Nothing is kept of an
 * entry; each is written into its template when it is needed.
 */
export class EntrySet {
  /** @param sources - `{ leafInput, extraData }[]`; those whose serial number is too short to vary, or that are odd, are left out. */
  constructor(sources) {
    const usable = sources.flatMap((source) => template(source) ?? [])
    this.templates = shuffled(usable).slice(0, Math.floor(usable.length / PAGE) * PAGE)
    if (this.templates.length === 0) throw new Error(`of ${sources.length} entries ${usable.length} can be varied`)
    this.count = this.templates.length
    this.pages = this.count / PAGE
    this.issuers = new Map(
      this.templates.flatMap(({ chain }) => chain.map((der) => [sha256(der).toString('hex'), der])),
    )
  }

  /** Entry `index` written into its template, good until the next of the same template is. */
  at(index) {
    const template = this.templates[index % this.count]
    const { leaf, extra, serialInLeaf, serialInExtra } = template
    writeUint(leaf, 1 + 2, FIRST_TIME + index * PACE, 8)
    const cycle = Math.floor(index / this.count)
    leaf.writeUInt32BE(cycle, 1 + serialInLeaf)
    if (serialInExtra >= 0) extra.writeUInt32BE(cycle, serialInExtra)
    writeUint(leaf, leaf.length - 5, index, 5)
    return template
  }

  leafHash(index) {
    return hash('sha256', this.at(index).leaf, 'binary')
  }

  /** static-ct-api's TileLeaf. */
  tileLeaf(index) {
    const { leaf, extra, isPrecert, preCertificateEnd, fingerprints } = this.at(index)
    const timestampedEntry = leaf.subarray(1 + 2)
    const preCertificate = isPrecert ? extra.subarray(0, preCertificateEnd) : Buffer.alloc(0)
    return Buffer.concat([timestampedEntry, preCertificate, fingerprints])
  }
}

/**
 * `leaf`: 0x00 and the MerkleTreeLeaf with the leaf_index extension; `extra`: extra_data; the rest says where in them things are.
 */
function template({ leafInput, extraData }) {
  try {
    const isPrecert = leafInput.readUInt16BE(10) === 1
    const bodyAt = isPrecert ? 12 + 32 : 12
    const end = bodyAt + 3 + leafInput.readUIntBE(bodyAt, 3)
    // CtExtensions: one, leaf_index (0), 5 octets
    const leaf = Buffer.concat([Buffer.of(0), leafInput.subarray(0, end), Buffer.of(0, 8, 0, 0, 5, 0, 0, 0, 0, 0)])
    const extra = Buffer.from(extraData)
    const serial = (isPrecert ? serialOfTbs : serialOfCertificate)(leafInput, bodyAt + 3)
    if (serial.end - serial.start < 8) return undefined
    const preCertificateEnd = isPrecert ? 3 + extra.readUIntBE(0, 3) : 0
    const chain = chainOf(extra, preCertificateEnd)
    let serialInExtra = -1
    if (isPrecert) {
      const again = serialOfCertificate(extra, 3)
      if (!extra.subarray(again.start, again.end).equals(leafInput.subarray(serial.start, serial.end))) return undefined
      serialInExtra = again.end - VARIED
    }
    return {
      isPrecert,
      leaf,
      extra,
      chain,
      preCertificateEnd,
      serialInLeaf: serial.end - VARIED,
      serialInExtra,
      fingerprints: vector(Buffer.concat(chain.map(sha256)), 2),
    }
  } catch {
    return undefined
  }
}

function chainOf(extra, from) {
  const end = from + 3 + extra.readUIntBE(from, 3)
  if (end !== extra.length) throw new Error('trailing bytes')
  const chain = []
  for (let at = from + 3; at < end; ) {
    const length = extra.readUIntBE(at, 3)
    chain.push(extra.subarray(at + 3, at + 3 + length))
    at += 3 + length
  }
  return chain
}

/** In an order of its own, the same in every run, so that every page is a mix of logs and CAs. */
function shuffled(items) {
  const left = [...items]
  let seed = 1
  return items.map(() => left.splice((seed = (seed * 48271) % 0x7fffffff) % left.length, 1)[0])
}

const sha256 = (bytes) => hash('sha256', bytes, 'buffer')

function vector(bytes, width) {
  const length = Buffer.alloc(width)
  length.writeUIntBE(bytes.length, 0, width)
  return Buffer.concat([length, bytes])
}

/** Big-endian, up to 2^53. */
function writeUint(bytes, at, value, width) {
  if (width > 6) bytes.writeUIntBE(Math.floor(value / 2 ** 48), at, width - 6)
  bytes.writeUIntBE(value % 2 ** 48, at + Math.max(0, width - 6), Math.min(width, 6))
}
