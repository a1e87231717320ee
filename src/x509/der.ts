import { CtStreamError } from '../errors.js'
import type { Note } from './note.js'

/** Identifier octets of the universal types X.509 uses (X.690 section 8.1.2); constructed ones with their bit set. */
export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

const MAX_LENGTH = 0x7fffffff

/**
 * Walks DER elements in place: bounds-checked, without an object for each element, tolerant where that is harmless.
 *
 * After `next()` the fields describe one element: `tag`, its first octet (`head`), its content (`start` to `stop`). `enter()` descends
 * into it, `leave()` returns. Accepts lengths in more octets than needed, noting them in `nonMinimalAt`; refuses an indefinite length, a
 * length of 2^31 or more, and an element that exceeds its container. Every read moves forward, so a walk takes time linear in the
 * input; nothing recurses.
 */
export class DerReader {
  readonly bytes: Uint8Array
  /** Where the next element begins. */
  offset: number
  /** Where the container ends. */
  end: number
  /** Identifier octet; for a tag number of 31 or more (X.690 section 8.1.2.4), 256 times the number plus the first octet. */
  tag = 0
  head = 0
  start = 0
  stop = 0
  /** Offset of the first element whose length has more octets than DER allows; -1 when there is none. */
  nonMinimalAt = -1

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes
    this.offset = offset
    this.end = end
  }

  /** Starts again at another place in the same bytes. */
  reset(offset: number, end: number): this {
    this.offset = offset
    this.end = end
    return this
  }

  /**
   * Moves to the next element of the container; `false` at its end.
   * @throws {@link CtStreamError} `CT_DER_MALFORMED`
   */
  next(): boolean {
    const { bytes, end } = this
    let at = this.offset
    if (at >= end) return false
    this.head = at
    let tag = bytes[at++] as number
    if ((tag & 0x1f) === 0x1f) {
      tag = this.highTag(tag, at)
      at = this.offset
    }
    if (at >= end) this.fail('ends before its length')
    let length = bytes[at++] as number
    if (length >= 0x80) {
      length = this.longLength(length, at)
      at = this.offset
    }
    if (length > end - at) this.fail(`its length ${length} passes the end of its container by ${length - (end - at)}`)
    this.tag = tag
    this.start = at
    this.stop = this.offset = at + length
    return true
  }

  /**
   * Moves to the next element, which must exist and have this tag.
   * @throws {@link CtStreamError} `CT_DER_MALFORMED`
   */
  expect(tag: number, what: string): void {
    if (!this.next()) {
      this.head = this.end
      this.fail(`${what} is missing`)
    }
    if (this.tag !== tag) this.fail(`${what} has tag ${tagText(this.tag)}, not ${tagText(tag)}`)
  }

  /** Whether the element just read has this tag. */
  isA(tag: number): boolean {
    return this.tag === tag
  }

  /** Descends into the element just read; returns the argument for `leave`. */
  enter(): number {
    const outer = this.end
    this.offset = this.start
    this.end = this.stop
    return outer
  }

  /** Leaves the element entered last, skipping the rest of it. */
  leave(outer: number): void {
    this.offset = this.end
    this.end = outer
  }

  /** A view of the content of the element just read. */
  content(): Uint8Array {
    return this.bytes.subarray(this.start, this.stop)
  }

  /** A view of the element just read, tag and length included. */
  element(): Uint8Array {
    return this.bytes.subarray(this.head, this.stop)
  }

  fail(reason: string): never {
    throw derError(reason, this.head)
  }

  /** Long-form tag number; leaves `offset` after it. */
  private highTag(first: number, from: number): number {
    let number = 0
    for (let at = from; at < this.end && at < from + 4; at++) {
      const octet = this.bytes[at] as number
      number = number * 128 + (octet & 0x7f)
      if (octet < 0x80) {
        this.offset = at + 1
        return number * 256 + first
      }
    }
    return this.fail('has an endless tag')
  }

  /** Long-form length (X.690 section 8.1.3.5); leaves `offset` after it. */
  private longLength(first: number, from: number): number {
    const octets = first - 0x80
    if (octets === 0) this.fail('has an indefinite length')
    if (octets > this.end - from) this.fail('ends inside its length')
    let length = 0
    for (let at = from; at < from + octets; at++) {
      length = length * 256 + (this.bytes[at] as number)
      if (length > MAX_LENGTH) this.fail('has a length of 2^31 or more')
    }
    if (this.nonMinimalAt < 0 && (length < 0x80 || this.bytes[from] === 0)) this.nonMinimalAt = this.head
    this.offset = from + octets
    return length
  }
}

/** Notes a length in more octets than DER allows (X.690 section 10.1). */
export function noteNonMinimal({ nonMinimalAt }: DerReader, note: Note): void {
  if (nonMinimalAt >= 0) note('length-non-minimal', `the element at byte ${nonMinimalAt}`)
}

/** The error for malformed DER. */
export function derError(reason: string, at: number): CtStreamError {
  return new CtStreamError('CT_DER_MALFORMED', `the element at byte ${at} ${reason}`, { index: at })
}

/** An identifier octet in words. */
export function tagText(tag: number): string {
  return tag > 0xff ? `${Math.floor(tag / 256)} (long form)` : `0x${tag.toString(16).padStart(2, '0')}`
}
