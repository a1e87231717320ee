import { CtStreamError } from '../errors.js'
import type { EvidenceJson, EvidenceVerdict } from '../types/evidence.js'
import type { SignedHead } from '../types/log.js'
import { equalBytes, fromBase64 } from '../util/bytes.js'
import { LogKey } from '../wire/head-signature.js'
import { treeHeadSignatureInput } from '../wire/sth.js'
import { checkClaim } from './evidence-claims.js'
import { evidenceSum, readEvidence } from './evidence-document.js'

/** Options of {@link verifyEvidence}. */
export interface VerifyEvidenceOptions {
  /** The log's key, base64 SubjectPublicKeyInfo (DER): for a document without a key, or to accept no other key. */
  readonly key?: string
}

/**
 * Checks a document of evidence using only the document and the log's key: that it is undamaged, that its key is the log's
 * (the log id is its SHA-256), that its heads are signed with that key, and that they contradict each other as claimed. What cannot be
 * checked this way is listed as `unproven`. Look up yourself whether the id belongs to a log that you care about.
 *
 * Makes no requests; takes time linear in the size of the document.
 *
 * @param json - A document as `evidenceToJSON` and `ct-stream evidence` make it: as text, bytes or parsed; at most 4 MiB.
 * @returns The verdict, also for evidence that does not hold.
 * @throws {@link CtStreamError} `CT_EVIDENCE_INVALID` for anything but such a document, `CT_OPTION_INVALID` for an invalid key.
 * @example
 * const { holds, proves, verdict } = verifyEvidence(await readFile('evidence.json'))
 */
export function verifyEvidence(json: unknown, options: VerifyEvidenceOptions = {}): EvidenceVerdict {
  const document = readEvidence(json)
  const given = options.key === undefined ? undefined : new LogKey(options.key)
  const problems: string[] = []
  if (evidenceSum(document) !== document.sha256)
    problems.push('the document was changed after it was written: its SHA-256 is another')
  const key = keyOf(document, given, problems)
  const heads = document.heads.map((head, i) => headOf(head, i, key, problems))
  const claim = checkClaim({ document, heads, key })
  problems.push(...claim.problems)
  const holds = problems.length === 0
  return {
    holds,
    proves: holds ? claim.proves : undefined,
    kind: document.kind,
    log: document.log,
    verdict: holds ? sentence(document, claim.proves, claim.says) : refusal(document, problems),
    problems,
    unproven: claim.unproven,
  }
}

function keyOf({ log }: EvidenceJson, given: LogKey | undefined, problems: string[]): LogKey | undefined {
  if (given !== undefined && given.id !== log.id) {
    problems.push('the key given is not that of the log: its SHA-256 is not the log id')
    return undefined
  }
  if (log.key === null) {
    if (given === undefined)
      problems.push('the document has no key of the log, and none was given: no signature can be checked')
    return given
  }
  try {
    const key = new LogKey(log.key)
    if (key.id === log.id) return key
    problems.push('its key is not that of the log: its SHA-256 is not the log id')
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    problems.push(`its key is none: ${error.message}`)
  }
  return undefined
}

function headOf(
  { tree_size, timestamp, sha256_root_hash, tree_head_signature, signed }: EvidenceJson['heads'][number],
  i: number,
  key: LogKey | undefined,
  problems: string[],
): SignedHead {
  const head = {
    treeSize: tree_size,
    timestamp,
    rootHash: bytesOf(sha256_root_hash),
    signature: bytesOf(tree_head_signature),
  }
  const input = treeHeadSignatureInput(head)
  if (!equalBytes(input, bytesOf(signed))) problems.push(`head ${i + 1}: \`signed\` is not what its members make`)
  const wrong = key?.problemWith(head.signature, input)
  if (wrong !== undefined) problems.push(`head ${i + 1}, of ${tree_size} entries, is not signed by the log: ${wrong}`)
  return head
}

function sentence({ log }: EvidenceJson, proves: EvidenceVerdict['proves'], says: string): string {
  const name = `${log.description || log.url} (log id ${log.id})`
  return proves === 'log-signed-contradiction'
    ? `proven by the log's own signatures: ${name} ${says}`
    : `consistent, and not proven by signatures: whoever recorded it says that ${name} ${says}`
}

function refusal({ log, kind }: EvidenceJson, problems: readonly string[]): string {
  return `does not hold as evidence (${kind}) against ${log.description || log.url} (log id ${log.id}): ${problems.join('; ')}`
}

function bytesOf(base64: string): Uint8Array {
  return fromBase64(base64) ?? new Uint8Array(0)
}
