import { DerReader } from './der.js'

/** Deeper than any certificate: about 12 levels are usual. */
const MAX_DEPTH = 64

/** A certificate of 10,000 names has 20,000; a parser that makes objects takes a kilobyte for each. */
const MAX_ELEMENTS = 50_000
/** Real ones have up to 20; a parser that makes an object of each arc dies of one of 15 MB. */
const MAX_OID = 1024
/** OBJECT IDENTIFIER, RELATIVE-OID, and registeredID of a GeneralName. */
const OIDS: readonly number[] = [0x06, 0x0d, 0x88]

/**
 * Refuses DER that a recursive parser which makes objects should not be given: nested too deeply, of too many elements, with an OID
 * that is too long, of indefinite length, or cut short. Walks every
 * constructed element once, with a stack of its own.
 * @throws {@link CtStreamError} `CT_DER_MALFORMED`
 */
export function checkNesting(der: Uint8Array): void {
  const reader = new DerReader(der)
  const outer: number[] = []
  let elements = 0
  for (;;) {
    if (!reader.next()) {
      const end = outer.pop()
      if (end === undefined) return
      reader.leave(end)
      continue
    }
    if (++elements > MAX_ELEMENTS) reader.fail(`is one element more than the ${MAX_ELEMENTS} there may be`)
    if ((reader.tag & 0x20) !== 0) {
      if (outer.length >= MAX_DEPTH) reader.fail(`is nested more than ${MAX_DEPTH} levels deep`)
      outer.push(reader.enter())
    } else if (OIDS.includes(reader.tag) && reader.content().length > MAX_OID)
      reader.fail(`is an OBJECT IDENTIFIER of more than ${MAX_OID} octets`)
  }
}
