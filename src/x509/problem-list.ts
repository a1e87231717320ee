import type { Problem, ProblemCode } from '../types/certificate.js'
import type { Note } from './note.js'

/** Problems kept per field: a certificate of 16 MB can have millions, all alike. */
const MAX_PER_FIELD = 20

/** The problems of one entry, field by field. */
export class ProblemList {
  /** Made with the first problem: nearly all entries have none. */
  private byField: Map<string, Problem[]> | undefined

  add(field: string, code: ProblemCode, message: string): void {
    this.byField ??= new Map()
    const problems = this.byField.get(field)
    if (problems === undefined) this.byField.set(field, [{ code, field, message }])
    else if (problems.length < MAX_PER_FIELD) problems.push({ code, field, message })
  }

  noteFor(field: string): Note {
    return (code, message) => this.add(field, code, message)
  }

  /** All of them, those of one field together, fields in alphabetical order: the same whatever was decoded first. */
  toArray(): Problem[] {
    const { byField } = this
    return byField === undefined ? [] : [...byField.keys()].sort().flatMap((field) => byField.get(field) ?? [])
  }
}
