import { DerReader } from './der.js'

/** Deeper than any certificate: about 12 levels are usual. */
const MAX_DEPTH = 64

/**
 * Refuses DER that a recursive parser should not be given: nested too deeply, of indefinite length, or cut short. Walks every
 * constructed element once, with a stack of its own.
 * @throws {@link CtStreamError} `CT_DER_MALFORMED`
 */
export function checkNesting(der: Uint8Array): void {
  const reader = new DerReader(der)
  const outer: number[] = []
  for (;;) {
    if (!reader.next()) {
      const end = outer.pop()
      if (end === undefined) return
      reader.leave(end)
    } else if ((reader.tag & 0x20) !== 0) {
      if (outer.length >= MAX_DEPTH) reader.fail(`is nested more than ${MAX_DEPTH} levels deep`)
      outer.push(reader.enter())
    }
  }
}
