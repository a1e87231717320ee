import type { Problem, ProblemCode } from '../types/problem.js'
import type { Note } from './note.js'

/** Most problems to keep for each field: a certificate of 16 MB can have millions of the same kind. */
const MAX_PER_FIELD = 20

/** The problems of one entry, field by field. */
export class ProblemList {
  /** Created with the first problem: nearly all entries have none. */
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

  /**
   * All problems, grouped by field in alphabetical order, so that the order of decoding makes no difference.
   *
   * @param more - A list whose problems come after those of the same field here.
   */
  toArray(more?: ProblemList): Problem[] {
    const { byField } = this
    const others = more?.byField
    if (others === undefined)
      return byField === undefined ? [] : [...byField.keys()].sort().flatMap((field) => byField.get(field) ?? [])
    const fields = new Set([...(byField?.keys() ?? []), ...others.keys()])
    return [...fields].sort().flatMap((field) => [...(byField?.get(field) ?? []), ...(others.get(field) ?? [])])
  }
}
