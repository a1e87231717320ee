import { type Fault, issueCertificates, type TestLog } from '../../../src/testing/index.js'
import type { LogKind } from '../../../src/types/log.js'
import type { Astray } from '../../support/faulty-network.js'
import type { Outcome } from './run-cell.js'

/** A kind of request that can fail. */
export interface Step {
  readonly name: string
  readonly kind: LogKind
  /** Below the log's URL. */
  readonly paths: RegExp
  /** Up to where a log of 300 entries that grows to 700 is read without it, and from entry 5 on. */
  readonly readTo: number
  readonly readFrom5To: number
}

export const STEPS = {
  sth: { name: 'get-sth', kind: 'rfc6962', paths: /get-sth$/, readTo: 300, readFrom5To: 5 },
  entries: { name: 'get-entries', kind: 'rfc6962', paths: /get-entries/, readTo: 300, readFrom5To: 5 },
  proof: { name: 'proofs', kind: 'rfc6962', paths: /consistency|-proof/, readTo: 300, readFrom5To: 5 },
  checkpoint: { name: 'checkpoint', kind: 'static-ct', paths: /checkpoint$/, readTo: 300, readFrom5To: 5 },
  dataTile: { name: 'full data tile', kind: 'static-ct', paths: /tile\/data\/\d+$/, readTo: 300, readFrom5To: 5 },
  partial: { name: 'partial data tile', kind: 'static-ct', paths: /tile\/data\/.*\.p/, readTo: 512, readFrom5To: 512 },
  hashTile: { name: 'hash tile', kind: 'static-ct', paths: /tile\/\d/, readTo: 300, readFrom5To: 5 },
} as const satisfies Record<string, Step>

/** What is to come of a fault, in words, and as it is measured. */
export interface Expectation {
  readonly words: string
  readonly outcome: (step: Step) => Omit<Outcome, 'told'>
}

export const waits: Expectation = {
  words: 'waits; an end comes with CT_INCOMPLETE',
  outcome: ({ readTo, readFrom5To }) => ({ readTo, ends: `CT_INCOMPLETE at ${readFrom5To}` }),
}
export const readsOn: Expectation = {
  words: 'reads on',
  outcome: () => ({ readTo: 700, ends: 'complete at 700' }),
}
const showsItsSize = (size: number): Expectation => ({
  words: `waits; an end comes with the ${size} entries it shows`,
  outcome: ({ readTo }) => ({ readTo, ends: `complete at ${size}` }),
})

/** What goes wrong with every request of a step, in a running stream for a while, and in one with an end for good. */
export interface Way {
  readonly name: string
  readonly does: Astray | ((log: TestLog) => Omit<Fault, 'on' | 'when'>)
  /** The only code told of the log; `undefined`: nothing is told. */
  readonly told: string | undefined
  readonly then: Expectation
  /** How long after the log was read it begins, how long it lasts, and within what time all is read then. Default 1, 30, 60 s. */
  readonly afterMs?: number
  readonly lastsMs?: number
  readonly healsWithinMs?: number
}

type Does = Way['does'] | Omit<Fault, 'on' | 'when'>
type Times = Pick<Way, 'afterMs' | 'lastsMs' | 'healsWithinMs'>
export const way = (name: string, does: Does, told: string | undefined, then: Expectation, times: Times = {}): Way => ({
  name,
  does: typeof does === 'object' ? () => does : does,
  told,
  then,
  ...times,
})

/** With which every request can fail. */
export const ANY: readonly Way[] = [
  way('connection refused', 'refused', 'CT_HTTP_NETWORK', waits),
  way('no such host', 'no such host', 'CT_HTTP_NETWORK', waits),
  way('certificate not trusted', 'untrusted', 'CT_HTTP_NETWORK', waits),
  way('closed without an answer', { disconnect: true }, 'CT_HTTP_NETWORK', waits),
  way('reset without an answer', { disconnect: true, reset: true }, 'CT_HTTP_NETWORK', waits),
  way('closed in mid-body', { cutAfter: 40 }, 'CT_HTTP_NETWORK', waits),
  way('reset in mid-body', { cutAfter: 40, reset: true }, 'CT_HTTP_NETWORK', waits),
  way('stalls before the head', { hang: true }, 'CT_HTTP_TIMEOUT', waits),
  way('stalls in the body', { hang: 'body' }, 'CT_HTTP_TIMEOUT', waits),
  way('truncated', { truncate: 40 }, 'CT_RESPONSE_MALFORMED', waits),
  way('empty body', { truncate: 0 }, 'CT_RESPONSE_MALFORMED', waits),
  way('oversized body', { announce: 1e9 }, 'CT_RESPONSE_TOO_LARGE', waits),
  way('wrong content type', { headers: { 'content-type': 'text/html' } }, undefined, readsOn),
  way('not the encoding it says', { headers: { 'content-encoding': 'gzip' } }, 'CT_RESPONSE_MALFORMED', waits),
  way('HTML page', { html: true }, 'CT_RESPONSE_MALFORMED', waits),
  way('302', { status: 302, headers: { location: '/elsewhere' } }, 'CT_HTTP_STATUS', waits),
  way('400', { status: 400 }, 'CT_HTTP_STATUS', waits),
  way('403', { status: 403 }, 'CT_HTTP_STATUS', waits),
  way('404', { status: 404 }, 'CT_HTTP_STATUS', waits),
  way('410', { status: 410 }, 'CT_HTTP_STATUS', waits),
  way('429', { status: 429 }, 'CT_HTTP_STATUS', waits),
  way('429 with Retry-After', { status: 429, retryAfter: 5 }, 'CT_HTTP_STATUS', waits),
  way('500', { status: 500 }, 'CT_HTTP_STATUS', waits),
  way('503', { status: 503 }, 'CT_HTTP_STATUS', waits),
]

const MINUTE = 60_000
/** Front ends of one log may differ by minutes. */
const rolledBack = { afterMs: 6 * MINUTE, healsWithinMs: 3 * MINUTE }
const accused = { healsWithinMs: 3 * MINUTE }

/** A tree that leaves the log's after 200 entries. */
const forked = (log: TestLog, count: number): Omit<Fault, 'on' | 'when'> => {
  const fork = log.fork(200)
  fork.add(issueCertificates(count, { sign: false, seed: 'fork' }))
  fork.publish()
  return { from: fork }
}

const HEADS: readonly Way[] = [
  way('stale', { stale: 1 }, undefined, showsItsSize(300)),
  way('smaller, for a moment', { stale: 2 }, undefined, showsItsSize(200)),
  way('smaller, for minutes', { stale: 2 }, 'CT_HEAD_STALE', showsItsSize(200), { lastsMs: 4 * MINUTE }),
  way('smaller, signed later', (log) => forked(log, 0), 'CT_HEAD_ROLLBACK', showsItsSize(200), rolledBack),
  way('over a wrong root', { wrongRoot: true }, 'CT_CONSISTENCY', waits, accused),
  way('one bit of the signature', { flipBit: { in: 'signature', byte: -5 } }, 'CT_HEAD_SIGNATURE', waits),
  way('one bit of the root', { flipBit: { in: 'root' } }, 'CT_HEAD_SIGNATURE', waits),
]

const ENTRIES: readonly Way[] = [
  way('two in the wrong order', { swap: [100, 101] }, 'CT_ROOT_MISMATCH', waits),
  way('one bit of one', { flipBit: { in: 'leaf', item: 100 } }, 'CT_ROOT_MISMATCH', waits),
  way('past the head', { entries: 600 }, 'CT_RESPONSE_MALFORMED', waits),
  way('none', { entries: 0 }, 'CT_RESPONSE_MALFORMED', waits),
  way('another issuer beside it', { flipBit: { in: 'extra', item: 100 } }, undefined, readsOn),
]
const PAGES: readonly Way[] = [
  way('one at a time', { entries: 1 }, undefined, readsOn),
  way('of the next index', { shift: 1 }, 'CT_ROOT_MISMATCH', waits),
  way('base64 that is none', { badBase64: true }, 'CT_RESPONSE_MALFORMED', waits),
]
const TILES: readonly Way[] = [
  way('of another tile', { shift: -256 }, 'CT_RESPONSE_MALFORMED', waits),
  way('of the next index', { shift: 1 }, 'CT_RESPONSE_MALFORMED', waits),
]
const PROOFS: readonly Way[] = [way('one bit of a hash', { flipBit: { in: 'hash' } }, 'CT_CONSISTENCY', waits)]

/** Every step, with every way in which it can fail. */
export const TABLE: readonly (readonly [Step, readonly Way[]])[] = [
  [STEPS.sth, [...ANY, ...HEADS]],
  [STEPS.entries, [...ANY, ...ENTRIES, ...PAGES]],
  [STEPS.proof, [...ANY, ...PROOFS]],
  [STEPS.checkpoint, [...ANY, ...HEADS]],
  [STEPS.dataTile, [...ANY, ...ENTRIES, ...TILES]],
  [STEPS.partial, [...ANY, ...ENTRIES]],
  [STEPS.hashTile, [...ANY, ...PROOFS]],
]
