import type { LogKind } from '../types/log.js'
import type { Answers } from './answers.js'
import type { LogView } from './content.js'

export interface PrerenderOptions {
  readonly kind: LogKind | 'both'
  readonly pageSize: number
}

/** Renders full pages and tiles ahead of the requests for them, so that a benchmark measures its client. */
export class Prerenderer {
  private readonly answers: Answers
  private readonly options: PrerenderOptions
  private done = 0

  constructor(answers: Answers, options: PrerenderOptions) {
    this.answers = answers
    this.options = options
  }

  /** Renders the pages and tiles that became full with the newest head. */
  render(view: LogView): void {
    const { kind, pageSize } = this.options
    const { treeSize } = view.head
    if (kind !== 'static-ct') this.renderPages(view)
    if (kind !== 'rfc6962') this.renderTiles(view)
    this.done = treeSize - (treeSize % (pageSize * 256))
  }

  private renderPages(view: LogView): void {
    const { pageSize } = this.options
    for (
      let start = Math.ceil(this.done / pageSize) * pageSize;
      start + pageSize <= view.head.treeSize;
      start += pageSize
    )
      this.answers.answer({ ...nobody, endpoint: 'get-entries', start, endInclusive: start + pageSize - 1 }, view)
  }

  private renderTiles(view: LogView): void {
    for (let index = Math.ceil(this.done / 256); (index + 1) * 256 <= view.head.treeSize; index++) {
      this.answers.answer({ ...nobody, endpoint: 'data-tile', index, width: 256 }, view)
      this.answers.answer({ ...nobody, endpoint: 'tile', level: 0, index, width: 256 }, view)
    }
  }
}

/** Whoever will ask first. */
const nobody = { method: 'GET', path: '', headers: {}, userAgent: undefined, number: 0, connection: 0, receivedAt: 0 }
