import { concatBytes } from '../util/bytes.js'
import { sha256Hex } from '../util/hash.js'
import { DerReader } from './der.js'
import { Octets } from './oids.js'
import type { Outline, Span } from './outline.js'

/**
 * The TBSCertificate without poison and SCT list (RFC 6962 sections 3.1 and 3.3): what a precertificate and the certificate issued
 * for it have in common, and what a log hashes of either. All occurrences of both go, from the list of extensions that holds the first:
 * a second list, which no TBSCertificate may have, stays as it stands.
 *
 * Bytes are cut out and the lengths around them rewritten; nothing else is encoded anew. A TBSCertificate that has neither is
 * returned as it stands, byte for byte.
 *
 * @returns A view of the outline's bytes, or a new array.
 */
export function issuanceTbs(outline: Outline): Uint8Array {
  return tbsWithout(outline, [Octets.precertPoison, Octets.sctList])
}

/** Lower-case hex SHA-256 of {@link issuanceTbs}. */
export function issuanceIdOf(outline: Outline): string {
  return sha256Hex(issuanceTbs(outline))
}

/** The TBSCertificate without the extensions of these types, which lie in one list. */
export function tbsWithout(outline: Outline, oids: readonly Uint8Array[]): Uint8Array {
  const cuts: Span[] = []
  for (let i = 0; i < outline.extensionCount; i++)
    if (oids.some((oid) => outline.isExtension(i, oid))) cuts.push(outline.extensionSpan(i))
  const [first] = cuts
  const { bytes, tbsStart, tbsEnd } = outline
  return first === undefined ? bytes.subarray(tbsStart, tbsEnd) : cutOut(bytes, containersOf(outline, first), cuts)
}

interface Container extends Span {
  readonly contentStart: number
}

/** The elements around an extension, outermost first: TBSCertificate, `[3]`, Extensions. */
function containersOf({ bytes, tbsStart, tbsEnd }: Outline, cut: Span): Container[] {
  const found: Container[] = []
  const reader = new DerReader(bytes, tbsStart, tbsEnd)
  // Every step goes into the element that holds the cut, until the cut itself is the next element.
  while (reader.next() && reader.head !== cut.start) {
    if (cut.start < reader.start || cut.start >= reader.stop) continue
    found.push({ start: reader.head, contentStart: reader.start, end: reader.stop })
    reader.enter()
  }
  return found
}

/** Cuts the innermost container's elements out and writes the containers anew, from the inside out. */
function cutOut(bytes: Uint8Array, containers: readonly Container[], cuts: readonly Span[]): Uint8Array {
  let shorter: Uint8Array<ArrayBufferLike> = new Uint8Array(0)
  for (let i = containers.length - 1; i >= 0; i--) {
    const { start, contentStart, end } = containers[i] as Container
    const inner = containers[i + 1]
    const content =
      inner === undefined
        ? without(bytes, contentStart, end, cuts)
        : [bytes.subarray(contentStart, inner.start), shorter, bytes.subarray(inner.end, end)]
    const length = content.reduce((sum, part) => sum + part.length, 0)
    shorter = concatBytes([bytes.subarray(start, start + 1), encodeLength(length), ...content])
  }
  return shorter
}

/** The parts of `start` to `end` between the cuts that lie in it. */
function without(bytes: Uint8Array, start: number, end: number, cuts: readonly Span[]): Uint8Array[] {
  const kept: Uint8Array[] = []
  let from = start
  for (const cut of cuts) {
    if (cut.start < from || cut.end > end) continue
    kept.push(bytes.subarray(from, cut.start))
    from = cut.end
  }
  return [...kept, bytes.subarray(from, end)]
}

/** Definite length in the fewest octets, X.690 section 10.1. */
export function encodeLength(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length)
  const octets: number[] = []
  for (let left = length; left > 0; left = Math.floor(left / 256)) octets.unshift(left % 256)
  return Uint8Array.of(0x80 + octets.length, ...octets)
}
