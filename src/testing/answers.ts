import type { SignedHead } from '../types/log.js'
import type { Content, LogView, ServingRules } from './content.js'
import { contentOf } from './honest-content.js'
import { compress, RenderCache, type Rendered, render } from './render.js'
import type { TestLogRequest } from './requests.js'

export interface AnswersOptions {
  readonly rules: ServingRules
  /** Whether data tiles are compressed: always, only for clients that ask, or never. */
  readonly gzip: 'always' | 'negotiated' | 'never'
  /** Most bytes of answers to keep. */
  readonly cacheBytes: number
  /** Writes the signed note of a head. */
  readonly checkpointOf: (head: SignedHead) => string
}

/** A log's answers without faults, made in three steps, between which faults can intervene. */
export class Answers {
  private readonly options: AnswersOptions
  private readonly cache: RenderCache

  constructor(options: AnswersOptions) {
    this.options = options
    this.cache = new RenderCache(options.cacheBytes)
  }

  /** The whole answer, from the cache if it cannot change. */
  answer(request: TestLogRequest, view: LogView): { readonly content: Content; readonly answer: Rendered } {
    const content = this.content(request, view)
    const key = this.cacheKey(request, content, view)
    const cached = key === undefined ? undefined : this.cache.get(key)
    if (cached !== undefined) return { content, answer: cached }
    const answer = this.encode(request, this.write(request, content))
    if (key !== undefined) this.cache.set(key, answer)
    return { content, answer }
  }

  /** First step: the content. */
  content(request: TestLogRequest, view: LogView): Content {
    return contentOf(request, view, this.options.rules)
  }

  /** Second step: the body. */
  write(request: TestLogRequest, content: Content): Rendered {
    return render(request, content, this.options.checkpointOf)
  }

  /** Third step: compression, if any. */
  encode(request: TestLogRequest, answer: Rendered): Rendered {
    return answer.status === 200 && this.compresses(request) ? compress(answer) : answer
  }

  private cacheKey(request: TestLogRequest, content: Content, { state }: LogView): string | undefined {
    if (content.kind === 'entries') {
      const encoding = this.compresses(request) ? 'gzip' : 'identity'
      return `${state.id}/${request.endpoint}/${content.start}+${content.entries.length}/${content.full}/${encoding}`
    }
    return content.kind === 'tile' ? `${state.id}/tile/${request.level}/${request.index}/${request.width}` : undefined
  }

  private compresses(request: TestLogRequest): boolean {
    const { gzip } = this.options
    if (request.endpoint !== 'data-tile' || gzip === 'never') return false
    return gzip === 'always' || /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  }
}
