/** Counts of what happened to clients since the server started. */
export class Tally {
  sentBytes = 0
  gaps = 0
  missedEntries = 0
  catchUps = 0
  private readonly answers = new Map<string, { readonly path: string; readonly status: number; count: number }>()

  /** @param path - One of the server's paths: labels of metrics must be bounded. */
  answered(path: string, status: number): void {
    const key = `${status} ${path}`
    const known = this.answers.get(key)
    if (known === undefined) this.answers.set(key, { path, status, count: 1 })
    else known.count++
  }

  get answerCounts(): readonly { readonly path: string; readonly status: number; readonly count: number }[] {
    return [...this.answers.values()]
  }
}
