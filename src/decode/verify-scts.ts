import type { KeyedLog, LogKeys, Sct, SctVerification } from '../types/sct.js'
import { equalBytes, fromBase64 } from '../util/bytes.js'
import { BYTES_PER_TURN, type Steps } from '../util/turns.js'
import { LogKey } from '../wire/head-signature.js'
import type { LeafEntry } from '../wire/merkle-leaf.js'
import { isSctBy } from '../wire/sct.js'

/** Most SCTs of one certificate to verify: real ones have up to ten, and each takes a hash of the whole certificate. */
const MAX_VERIFIED = 100

/** What SCTs sign. */
export interface SignedEntry {
  readonly entry: Extract<LeafEntry, { kind: 'precert' }>
  /** Why a signature that does not verify may be an honest one; `undefined` when it may not. */
  readonly doubt: string | undefined
}

/** What there is to say of an SCT. */
type Outcome = Omit<SctVerification, 'sct'>

/**
 * Verifies embedded SCTs: each is a log's signature over a precert entry with the issuer's key hash and the TBSCertificate without the
 * SCT list (RFC 6962 section 3.2).
 *
 * @param signed - The signed entry, or why it is not available.
 */
export function* verifySctsOf(
  scts: readonly Sct[],
  signed: SignedEntry | string,
  logs: LogKeys,
): Steps<SctVerification[]> {
  const results: SctVerification[] = []
  const keys = new Map<string, LogKey | Outcome>()
  let verified = 0
  let bytes = 0
  for (const sct of scts) {
    const key = keys.get(sct.logId) ?? keyOf(logs, sct.logId)
    keys.set(sct.logId, key)
    if (!(key instanceof LogKey)) results.push({ sct, ...key })
    else if (typeof signed === 'string') results.push({ sct, ...unverifiable(signed) })
    else if (verified === MAX_VERIFIED)
      results.push({ sct, ...unverifiable(`more than ${MAX_VERIFIED} SCTs, the others are not verified`) })
    else {
      results.push({ sct, ...verify(sct, key, signed) })
      verified++
      bytes += signed.entry.tbsCertificate.length
      if (bytes < BYTES_PER_TURN) continue
      bytes = 0
      yield
    }
  }
  return results
}

function verify(sct: Sct, key: LogKey, { entry, doubt }: SignedEntry): Outcome {
  const read = { ...sct, version: 0 as const, logId: key.logId, timestamp: sct.timestamp.getTime() }
  if (isSctBy(read, key, entry)) return { status: 'valid', reason: undefined }
  if (doubt !== undefined) return unverifiable(doubt)
  return { status: 'invalid', reason: 'the signature is not the log\u2019s over this certificate' }
}

function unverifiable(reason: string): Outcome {
  return { status: 'unverifiable', reason }
}

/** The log's key, or why there is none to use. */
function keyOf(logs: LogKeys, logId: string): LogKey | Outcome {
  const spki = spkiOf(logs, logId)
  if (spki === undefined) return { status: 'unknown-log', reason: `no key of log ${logId} was given` }
  try {
    const key = new LogKey(spki)
    if (equalBytes(key.logId, fromBase64(logId) ?? new Uint8Array(0))) return key
    return unverifiable(`the key given for log ${logId} is that of ${key.id}`)
  } catch (error) {
    return unverifiable(error instanceof Error ? error.message : String(error))
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
