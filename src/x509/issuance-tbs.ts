import { concatBytes, equalBytes } from '../util/bytes.js'
import { sha256Hex } from '../util/hash.js'
import { DerReader } from './der.js'
import { Octets } from './oids.js'
import type { Outline, Span } from './outline.js'

/**
 * The TBSCertificate without poison and SCT list (RFC 6962 sections 3.1 and 3.3), which a precertificate and its final certificate have in
 * common, and which a log hashes. Removes all occurrences of both extensions from the list that holds the first; a second list of
 * extensions, which is not allowed, stays unchanged.
 *
 * Removes bytes and rewrites the lengths around them, without re-encoding anything else. Returns a TBSCertificate without these
 * extensions unchanged, byte for byte.
 *
 * @returns A view of the outline's bytes, or a new array.
 */
export function issuanceTbs(outline: Outline): Uint8Array {
  return tbsWithout(outline, [Octets.precertPoison, Octets.sctList])
}

/** Lower-case hex SHA-256 of {@link issuanceTbs}. */
export function issuanceIdOf(outline: Outline): string {
  const parts = partsWithout(outline, [Octets.precertPoison, Octets.sctList])
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return sha256Hex(only)
  // In memory of Node's pool, which costs much less: it is not kept.
  return sha256Hex(Buffer.concat(parts))
}

/** The TBSCertificate without the extensions of these types, all in one list. */
export function tbsWithout(outline: Outline, oids: readonly Uint8Array[]): Uint8Array {
  const parts = partsWithout(outline, oids)
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : concatBytes(parts)
}

/** Whether {@link tbsWithout} gives these bytes. */
export function isTbsWithout(outline: Outline, oids: readonly Uint8Array[], expected: Uint8Array): boolean {
  let at = 0
  for (const part of partsWithout(outline, oids)) {
    if (!equalBytes(part, expected.subarray(at, at + part.length))) return false
    at += part.length
  }
  return at === expected.length
}

/** Of {@link tbsWithout}, in order: views, and heads that are written anew. */
function partsWithout(outline: Outline, oids: readonly Uint8Array[]): readonly Uint8Array[] {
  const cuts: Span[] = []
  for (let i = 0; i < outline.extensionCount; i++)
    for (const oid of oids) if (outline.isExtension(i, oid)) cuts.push(outline.extensionSpan(i))
  const [first] = cuts
  const { bytes, tbsStart, tbsEnd } = outline
  return first === undefined ? [bytes.subarray(tbsStart, tbsEnd)] : cutOut(bytes, containersOf(outline, first), cuts)
}

interface Container extends Span {
  readonly contentStart: number
}

/** The elements around an extension, outermost first: TBSCertificate, `[3]`, Extensions. */
function containersOf({ bytes, tbsStart, tbsEnd }: Outline, cut: Span): Container[] {
  const found: Container[] = []
  const reader = new DerReader(bytes, tbsStart, tbsEnd)
  // Each step descends into the element that contains the cut, until the cut is the next element.
  while (reader.next() && reader.head !== cut.start) {
    if (cut.start < reader.start || cut.start >= reader.stop) continue
    found.push({ start: reader.head, contentStart: reader.start, end: reader.stop })
    reader.enter()
  }
  return found
}

/** Removes elements of the innermost container, and rewrites the containers: sizes from the inside out, bytes in one pass. */
function cutOut(bytes: Uint8Array, containers: readonly Container[], cuts: readonly Span[]): Uint8Array[] {
  const parts: Uint8Array[] = []
  let length = 0
  for (let i = containers.length - 1; i >= 0; i--) {
    const { start, contentStart, end } = containers[i] as Container
    const inner = containers[i + 1]
    if (inner === undefined) length = addWithout(parts, bytes, contentStart, end, cuts)
    else {
      length += inner.start - contentStart + end - inner.end
      if (inner.start > contentStart) parts.unshift(bytes.subarray(contentStart, inner.start))
      if (inner.end < end) parts.push(bytes.subarray(inner.end, end))
    }
    const head = headOf(bytes[start] as number, length)
    parts.unshift(head)
    length += head.length
  }
  return parts
}

/** Adds the parts of `start` to `end` outside of the cuts. @returns Their length. */
function addWithout(parts: Uint8Array[], bytes: Uint8Array, start: number, end: number, cuts: readonly Span[]): number {
  let from = start
  let length = 0
  for (const cut of cuts) {
    if (cut.start < from || cut.end > end) continue
    parts.push(bytes.subarray(from, cut.start))
    length += cut.start - from
    from = cut.end
  }
  parts.push(bytes.subarray(from, end))
  return length + end - from
}

/** Tag and length. */
function headOf(tag: number, length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(tag, length)
  if (length < 0x100) return Uint8Array.of(tag, 0x81, length)
  if (length < 0x10000) return Uint8Array.of(tag, 0x82, Math.floor(length / 256), length % 256)
  return concatBytes([Uint8Array.of(tag), encodeLength(length)])
}

/** Definite length in the fewest octets, X.690 section 10.1. */
export function encodeLength(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length)
  const octets: number[] = []
  for (let left = length; left > 0; left = Math.floor(left / 256)) octets.unshift(left % 256)
  return Uint8Array.of(0x80 + octets.length, ...octets)
}
