import type { KeyedLog, LogKeys, Sct, SctVerification } from '../types/sct.js'
import { equalBytes, fromBase64 } from '../util/bytes.js'
import { LogKey } from '../wire/head-signature.js'
import type { LeafEntry } from '../wire/merkle-leaf.js'
import { isSctBy } from '../wire/sct.js'

/** What SCTs sign. */
export interface SignedEntry {
  readonly entry: LeafEntry
  /** Why a signature that does not verify may be an honest one; `undefined` when it may not. */
  readonly doubt: string | undefined
}

/**
 * Verifies embedded SCTs: each is a log's signature over a precert entry with the issuer's key hash and the TBSCertificate without the
 * SCT list (RFC 6962 section 3.2).
 *
 * @param signed - The signed entry, or why it is not available.
 */
export function verifySctsOf(scts: readonly Sct[], signed: SignedEntry | string, logs: LogKeys): SctVerification[] {
  return scts.map((sct) => {
    const key = keyOf(logs, sct.logId)
    if (key === undefined) return { sct, status: 'unknown-log', reason: `no key of log ${sct.logId} was given` }
    if (typeof key === 'string') return { sct, status: 'unverifiable', reason: key }
    if (typeof signed === 'string') return { sct, status: 'unverifiable', reason: signed }
    const logId = fromBase64(sct.logId) ?? new Uint8Array(0)
    if (!equalBytes(key.logId, logId))
      return { sct, status: 'unverifiable', reason: `the key given for log ${sct.logId} is that of ${key.id}` }
    const read = { ...sct, version: 0 as const, logId, timestamp: sct.timestamp.getTime() }
    if (isSctBy(read, key, signed.entry)) return { sct, status: 'valid', reason: undefined }
    if (signed.doubt !== undefined) return { sct, status: 'unverifiable', reason: signed.doubt }
    return { sct, status: 'invalid', reason: 'the signature is not the log\u2019s over this certificate' }
  })
}

/** The log's key, `undefined` when none was given, or why it cannot be used. */
function keyOf(logs: LogKeys, logId: string): LogKey | string | undefined {
  const spki = spkiOf(logs, logId)
  if (spki === undefined) return undefined
  try {
    return new LogKey(spki)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function spkiOf(logs: LogKeys, logId: string): Uint8Array | string | undefined {
  if (isList(logs)) return logs.find(({ id }) => id === logId)?.key
  if (isMap(logs)) return logs.get(logId)
  return Object.hasOwn(logs, logId) ? logs[logId] : undefined
}

function isList(logs: LogKeys): logs is readonly KeyedLog[] {
  return Array.isArray(logs)
}

function isMap(logs: LogKeys): logs is ReadonlyMap<string, Uint8Array | string> {
  return typeof (logs as ReadonlyMap<string, unknown>).get === 'function'
}
