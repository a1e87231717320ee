import type { ProblemCode } from '../types/certificate.js'

/** Where a field's decoder says what deviates from the standard while it goes on reading. */
export type Note = (code: ProblemCode, message: string) => void

/** For callers that want the value only. */
export const ignore: Note = () => {}
