import { createPublicKey, verify } from 'node:crypto'
import type { Cosignature } from '../types/log.js'
import { copyBytes, equalBytes, fromBase64, toHex } from '../util/bytes.js'
import { optionError } from '../util/options.js'
import { asCosignature, type CheckpointNote } from './checkpoint-note.js'
import { type NoteSignature, noteKeyId } from './signed-note.js'

/** More than any known log has; a verifier must accept 16 (C2SP signed-note). */
const MAX_COSIGNATURES = 64
/** Every cosignature's signed message repeats the text, so it is bounded; a log's text has three lines. */
const MAX_TEXT_LENGTH = 16 * 1024
/** Signature type of an Ed25519 cosignature. */
const COSIGNATURE_V1 = 0x04
/** DER of an Ed25519 SubjectPublicKeyInfo, up to the 32 bytes of the key (RFC 8410 section 4). */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * The first 64 signature lines of a checkpoint that are not the log's own, in their order, unverified. None when the text is longer than
 * 16 KiB: static-ct-api allows only three lines.
 */
export function cosignaturesOf({ cosignatures, text }: CheckpointNote): Cosignature[] {
  if (text.length > MAX_TEXT_LENGTH) return []
  return cosignatures.slice(0, MAX_COSIGNATURES).map((line) => cosignatureOf(line, text))
}

function cosignatureOf(line: NoteSignature, text: string): Cosignature {
  const { name, keyId, signature: raw } = line
  const timed = asCosignature(line, text)
  const timestamp = timed === undefined ? Number.NaN : timed.timestamp * 1000
  if (timed === undefined || !Number.isSafeInteger(timestamp)) return { kind: 'unknown', name, keyId, raw, text }
  return {
    kind: 'cosignature/v1',
    name,
    keyId,
    raw,
    text,
    timestamp,
    signature: timed.signature,
    message: timed.message,
  }
}

/**
 * Whether a witness cosigned a checkpoint: the line names its key, and the signature verifies.
 *
 * @param vkey - The witness's verifier key, `<name>+<key id in hex>+<base64 of 0x04 and the Ed25519 key>`, as witnesses and
 * their policies publish it.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for anything else, or a key whose id does not follow from its name and key.
 * @see C2SP tlog-cosignature, C2SP signed-note ("Verifier keys")
 */
export function isCosignedBy(cosignature: Cosignature, vkey: string): boolean {
  const { name, keyId, key } = parseVerifierKey(vkey)
  if (cosignature.kind !== 'cosignature/v1' || cosignature.name !== name || !equalBytes(cosignature.keyId, keyId))
    return false
  const spki = createPublicKey({ key: Buffer.concat([ED25519_SPKI, key]), format: 'der', type: 'spki' })
  return verify(null, cosignature.message, spki, cosignature.signature)
}

function parseVerifierKey(vkey: unknown): { name: string; keyId: Uint8Array; key: Uint8Array } {
  const bound = "a witness's key, <name>+<8 hexadecimal digits>+<base64 of 0x04 and 32 bytes>"
  // "<key name>+<32-bit key ID encoded as 8 lowercase hex digits>+<base64(signature type || public key)>"
  const [, name = '', id = '', base64 = ''] =
    typeof vkey === 'string' ? (/^([^\s+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(vkey) ?? []) : []
  const typed = fromBase64(base64)
  if (typed?.length !== 33 || typed[0] !== COSIGNATURE_V1) throw optionError('vkey', bound, vkey)
  const key = copyBytes(typed.subarray(1))
  const keyId = noteKeyId(name, COSIGNATURE_V1, key)
  if (toHex(keyId) !== id)
    throw optionError('vkey', `a key whose id is that of its name and key, ${toHex(keyId)}`, vkey)
  return { name, keyId, key }
}
