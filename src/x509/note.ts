import type { ProblemCode } from '../types/problem.js'

/** Receives a decoder's notes of deviations from the standard that do not stop it. */
export type Note = (code: ProblemCode, message: string) => void

/** Ignores notes, for callers that need only the value. */
export const ignore: Note = () => {}
