import { CtStreamError } from '../errors.js'
import { DerReader, Tag } from './der.js'
import { ignore, type Note } from './note.js'
import { Octets } from './oids.js'
import type { Outline } from './outline.js'

/**
 * Walks the GeneralNames of all SubjectAltName extensions, because some certificates have two, and clients differ in which one they use. Notes
 * malformed parts, and keeps the names before them.
 */
export class AltNameWalk {
  /** After `next()` it is at a GeneralName. */
  readonly reader: DerReader
  /** SubjectAltName extensions seen so far. */
  found = 0
  /** Why names may be missing: the first error met; `undefined` while there is none. */
  unread: string | undefined
  private readonly outline: Outline
  private readonly note: Note
  private extension = 0
  /** End of the current extension's value. */
  private valueEnd = 0

  constructor(outline: Outline, note: Note = ignore) {
    this.outline = outline
    this.note = note
    this.reader = new DerReader(outline.bytes, 0, 0)
  }

  /** Moves to the next name; `false` when there is none. */
  next(): boolean {
    do {
      try {
        if (this.reader.next()) return true
        if (this.reader.end < this.valueEnd)
          this.note('trailing-data', `${this.valueEnd - this.reader.end} bytes after the names`)
      } catch (error) {
        this.broken(error)
      }
    } while (this.open())
    return false
  }

  /** Enters the next SubjectAltName; `false` when there is none. */
  private open(): boolean {
    const { outline, reader } = this
    while (this.extension < outline.extensionCount) {
      const i = this.extension++
      if (!outline.isExtension(i, Octets.subjectAltName)) continue
      this.found++
      try {
        const { valueStart, valueEnd } = outline.extension(i)
        reader.reset(valueStart, valueEnd)
        // GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName
        reader.expect(Tag.sequence, 'GeneralNames')
        this.valueEnd = valueEnd
        reader.enter()
        return true
      } catch (error) {
        this.broken(error)
      }
    }
    return false
  }

  private broken(error: unknown): void {
    if (!CtStreamError.is(error)) throw error
    this.unread ??= error.message
    this.note('der-malformed', error.message)
    this.valueEnd = 0
    this.reader.reset(0, 0)
  }
}
