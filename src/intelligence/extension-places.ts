import { Tag } from '../x509/der.js'
import type { Outline } from '../x509/outline.js'
import { Element, sameAt } from './element.js'

/** Certificates with more extensions are decoded in full; most have about ten. */
const MAX_EXTENSIONS = 40

/** Last octet of 2.5.29.x (55 1d xx), RFC 5280 section 4.2.1. */
const SUBJECT_KEY_IDENTIFIER = 14
const SUBJECT_ALT_NAME = 17
const CRL_DISTRIBUTION_POINTS = 31
/** 1.3.6.1.4.1.11129.2.4.x, RFC 6962 section 3. */
const GOOGLE_CT = Uint8Array.of(0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04)
const SCT_LIST = 2
const POISON = 3

/** Where an extension's extnValue is; `start` is 0 when the extension is missing. */
export class Place {
  start = 0
  end = 0
}

/**
 * Locates the extensions that differ between certificates of one issuer, and the others, which are the same in all of them.
 */
export class ExtensionPlaces {
  readonly names = new Place()
  readonly scts = new Place()
  readonly crl = new Place()
  /** Alternating begin and end of the runs of other extensions; only the first `othersLength` numbers are valid. */
  readonly others = new Int32Array(MAX_EXTENSIONS * 2)
  othersLength = 0
  private readonly element = new Element()

  /** `false` for extensions that must be decoded in full, such as two of one kind. */
  read(outline: Outline): boolean {
    const { names, scts, crl } = this
    names.start = scts.start = crl.start = 0
    this.othersLength = 0
    const count = outline.extensionCount
    if (count > MAX_EXTENSIONS) return false
    for (let i = 0; i < count; i++) {
      if (!this.sort(outline.bytes, outline.extensionStart(i), outline.extensionEnd(i))) return false
    }
    return names.start > 0
  }

  /** Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
  private sort(bytes: Uint8Array, head: number, end: number): boolean {
    const { element } = this
    if (!element.find(bytes, head, end, Tag.sequence) || element.stop !== end) return false
    if (!element.find(bytes, element.start, end, Tag.oid)) return false
    const { start, stop } = element
    if (stop - start === 3 && bytes[start] === 0x55 && bytes[start + 1] === 0x1d) {
      const which = bytes[start + 2]
      if (which === SUBJECT_KEY_IDENTIFIER) return true
      if (which === SUBJECT_ALT_NAME) return this.put(this.names, bytes, stop, end)
      if (which === CRL_DISTRIBUTION_POINTS) return this.put(this.crl, bytes, stop, end)
    } else if (stop - start === GOOGLE_CT.length + 1 && sameAt(bytes, start, GOOGLE_CT, 0, GOOGLE_CT.length)) {
      const which = bytes[stop - 1]
      if (which === POISON) return true
      if (which === SCT_LIST) return this.put(this.scts, bytes, stop, end)
    }
    this.addOther(head, end)
    return true
  }

  private put(place: Place, bytes: Uint8Array, at: number, end: number): boolean {
    if (place.start > 0) return false
    // critical BOOLEAN, which is TRUE where there is one
    place.start = bytes[at] === Tag.boolean && bytes[at + 1] === 1 ? at + 3 : at
    place.end = end
    return true
  }

  /** Adds a run; joins it to the one before when they touch. */
  private addOther(start: number, end: number): void {
    const { others, othersLength: length } = this
    if (length > 0 && others[length - 1] === start) others[length - 1] = end
    else {
      others[length] = start
      others[length + 1] = end
      this.othersLength += 2
    }
  }
}
