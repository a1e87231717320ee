import type { EndOption } from '../../types/stream-options.js'
import type { LogStatus } from '../../types/stream-status.js'
import type { Progress } from './status-text.js'

interface Course {
  readonly first: number
  readonly past: number
}

/**
 * Progress of a backfill, computed from the stream's status: each log counts from its first known position to its end.
 */
export class ProgressMeter {
  private readonly end: EndOption
  private readonly courses = new Map<string, Course>()

  constructor(end: EndOption) {
    this.end = end
  }

  /** `undefined` while no end is known: logs are opening, or the end is a time. */
  measure(logs: readonly LogStatus[]): Progress | undefined {
    let [done, total] = [0, 0]
    for (const log of logs) {
      const course = this.courseOf(log)
      if (course === undefined) continue
      done += Math.min(Math.max((log.position ?? course.first) - course.first, 0), course.past - course.first)
      total += course.past - course.first
    }
    return total > 0 ? { done, total } : undefined
  }

  private courseOf({ log, position, headSize }: LogStatus): Course | undefined {
    const known = this.courses.get(log.id)
    if (known !== undefined || position === undefined) return known
    const past = this.pastOf(headSize)
    if (past === undefined) return undefined
    const course = { first: position, past: Math.max(past, position) }
    this.courses.set(log.id, course)
    return course
  }

  private pastOf(headSize: number | undefined): number | undefined {
    if (this.end === 'head') return headSize
    return typeof this.end === 'object' && 'index' in this.end ? this.end.index : undefined
  }
}
