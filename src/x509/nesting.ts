import { DerReader } from './der.js'

/** Deepest nesting allowed; about 12 levels are usual. */
const MAX_DEPTH = 64

/** Most elements allowed: a certificate of 10,000 names has 20,000, and a parser that makes objects takes a kilobyte for each. */
const MAX_ELEMENTS = 50_000
/** Longest OID allowed, octets: real ones have up to 20, and an OID of 15 MB would kill a parser that makes an object of each arc. */
const MAX_OID = 1024
/** OBJECT IDENTIFIER, RELATIVE-OID, and registeredID of a GeneralName. */
const OIDS: readonly number[] = [0x06, 0x0d, 0x88]

/**
 * Refuses DER that is dangerous for a recursive parser that makes objects: nested too deeply, with too many elements, with too long an OID,
 * of indefinite length, or truncated. Walks every constructed element once, with its own stack.
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
