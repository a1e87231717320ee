import { copyBytes } from '../util/bytes.js'
import { sha256Hex } from '../util/hash.js'

/** An answer that says something against its log by itself. */
export interface AnswerAtFault {
  readonly url: string
  /** Bytes it had. */
  readonly length: number
  /** Lower-case hexadecimal, of all of it. */
  readonly sha256: string
  /** All of it; `undefined` when it was longer than 64 KiB. */
  readonly body: Uint8Array | undefined
}

const MAX_KEPT_BYTES = 64 * 1024
const MAX_CAUSES = 8
const answer = Symbol('answer at fault')

/** Keeps the answer an error is about with it, for evidence. For answers that are small by nature: heads. */
export function withAnswer<E extends Error>(error: E, url: string, body: Uint8Array): E {
  const kept: AnswerAtFault = {
    url,
    length: body.length,
    sha256: sha256Hex(body),
    body: body.length <= MAX_KEPT_BYTES ? copyBytes(body) : undefined,
  }
  Object.defineProperty(error, answer, { value: kept })
  return error
}

/** The answer that was kept with an error, or with what caused it. */
export function answerAtFault(error: unknown): AnswerAtFault | undefined {
  let at: unknown = error
  for (let depth = 0; at instanceof Error && depth < MAX_CAUSES; depth++) {
    const kept = (at as { readonly [answer]?: AnswerAtFault })[answer]
    if (kept !== undefined) return kept
    at = at.cause
  }
  return undefined
}
