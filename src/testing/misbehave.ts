import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../types/clock.js'
import type { Answers } from './answers.js'
import { type ActiveFault, type Fault, flipBitOf, type TestLogFork, tamper } from './faults.js'
import type { LogState } from './log-state.js'
import { send } from './loopback-server.js'
import type { Rendered } from './render.js'
import type { OpenRecord } from './request-recorder.js'
import type { TestLogRequest } from './requests.js'

/** A request under way. */
export interface Exchange {
  readonly request: TestLogRequest
  readonly record: OpenRecord
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
}

/** Inputs of a faulty answer. */
export interface MisbehaviourParts {
  readonly answers: Answers
  readonly clock: Clock
  /** Aborts when the log is closed, which ends answers that are being delayed. */
  readonly closing: AbortSignal
  /** The tree of the log, or of a fork of it. */
  readonly stateOf: (fork: TestLogFork | undefined) => LogState
}

/** Answers a request with a fault, or not at all. */
export async function misbehave(exchange: Exchange, active: ActiveFault, parts: MisbehaviourParts): Promise<void> {
  const { record, incoming, response } = exchange
  const { fault } = active
  if (fault.delayMs !== undefined && !(await isSlept(fault.delayMs, parts))) return
  if (fault.hang === true) return
  if (fault.disconnect) {
    if (fault.reset) incoming.socket.resetAndDestroy()
    else incoming.socket.destroy()
    return
  }
  const { status, headers, body: whole } = faultyAnswer(exchange, active, parts)
  const body = fault.truncate === undefined ? whole : whole.subarray(0, fault.truncate)
  const cutAfter = fault.hang === 'body' ? Math.floor(body.length / 2) : fault.cutAfter
  const { reset, announce, closeConnection } = fault
  const silent = fault.hang === 'body'
  record.status = status
  record.bytes = send(response, status, headers, body, { cutAfter, silent, reset, announce, closeConnection })
}

function isSlept(ms: number, { clock, closing }: MisbehaviourParts): Promise<boolean> {
  return clock.sleep(ms, closing).then(
    () => true,
    () => false,
  )
}

function faultyAnswer({ request, record }: Exchange, active: ActiveFault, parts: MisbehaviourParts): Rendered {
  const { fault } = active
  const written = faultyText(request, record, active, parts)
  const headers = { ...written.headers, ...retryAfterHeader(active, parts.clock), ...fault.headers }
  const body = spoiled(written.body, fault, headers['content-type'] === 'application/octet-stream' ? 0 : 0x20)
  const rewritten = fault.rewrite === undefined ? body : Buffer.from(fault.rewrite(body, request))
  return parts.answers.encode(request, { status: written.status, headers, body: rewritten })
}

/** A status, page or body that replaces the true answer, or the true answer with changed content. */
function faultyText(
  request: TestLogRequest,
  record: OpenRecord,
  { fault, waitMs }: ActiveFault,
  { answers, stateOf }: MisbehaviourParts,
): Rendered {
  const status = fault.status ?? (waitMs === undefined ? undefined : 429)
  if (fault.html) return { status: status ?? 200, headers: { 'content-type': 'text/html' }, body: htmlPage }
  if (status !== undefined)
    return { status, headers: { 'content-type': 'text/plain' }, body: Buffer.from(fault.body ?? '') }
  const state = stateOf(fault.from)
  const head = state.heads[Math.max(0, state.heads.length - 1 - (fault.stale ?? 0))] ?? state.head
  const view = { state, head }
  const content = tamper(answers.content(request, view), fault, view)
  if (content.kind === 'entries') record.count = content.entries.length
  const answer = answers.write(request, content)
  return fault.body === undefined ? answer : { ...answer, body: Buffer.from(fault.body) }
}

const htmlPage = Buffer.from(
  '<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n',
)

function retryAfterHeader({ fault, waitMs }: ActiveFault, clock: Clock): Record<string, string> {
  const { retryAfter, rateLimit } = fault
  if (retryAfter instanceof Date) return { 'retry-after': retryAfter.toUTCString() }
  if (retryAfter !== undefined) return { 'retry-after': String(retryAfter) }
  if (waitMs === undefined || rateLimit?.retryAfter === 'none') return {}
  return {
    'retry-after':
      rateLimit?.retryAfter === 'http-date'
        ? new Date(Math.ceil((clock.now() + waitMs) / 1000) * 1000).toUTCString()
        : String(Math.ceil(waitMs / 1000)),
  }
}

/** @param padding - A byte that can follow a body of its type without changing its meaning. */
function spoiled(body: Buffer, { flipBit, badBase64, oversize = 0 }: Fault, padding: number): Buffer {
  const flipped = flipBit?.in === 'body' ? Buffer.from(flipBitOf(body, flipBit.byte, flipBit.bit ?? 0)) : body
  const other = badBase64 ? spoilBase64(flipped) : flipped
  return other.length < oversize ? Buffer.concat([other, Buffer.alloc(oversize - other.length, padding)]) : other
}

/** Puts a `*` into the middle of the first run of base64. */
function spoilBase64(body: Buffer): Buffer {
  const run = /[A-Za-z0-9+/]{24,}/.exec(body.toString('latin1'))
  if (run === null) return body
  const spoiled = Buffer.from(body)
  spoiled[run.index + Math.floor(run[0].length / 2)] = 0x2a
  return spoiled
}
