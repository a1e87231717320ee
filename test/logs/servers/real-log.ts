import type { LogSpec } from '../../../src/types/log.js'
import type { AddReport, Submitter } from './truth.js'

/** A log server that operators run, on loopback, with the truth of what is in it. */
export interface RealLog {
  readonly spec: LogSpec
  readonly submitter: Submitter
  /** Submits that many numbers (a quarter of them gives two entries), and resolves when all are in the signed tree. */
  add(count: number, ...flags: string[]): Promise<AddReport>
  /** Ends the servers as an operator would; entries stay. */
  stop(): Promise<void>
  start(): Promise<void>
  /** Ends everything and removes its folder. */
  close(): Promise<void>
}
