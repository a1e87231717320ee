import { equalBytes, fromBase64 } from '../util/bytes.js'
import { sha256Of } from '../util/hash.js'
import { malformedResponse } from './malformed.js'

/** A signed note (C2SP signed-note): a text with signatures by any number of keys. */
export interface SignedNote {
  /** The signed text, including its last newline. */
  readonly text: string
  /** All signature lines in order, whether their keys are known or not. */
  readonly signatures: readonly NoteSignature[]
}

export interface NoteSignature {
  /** Name of the key. */
  readonly name: string
  /** 4 bytes that distinguish keys with the same name. */
  readonly keyId: Uint8Array
  /** What follows the key id; its structure depends on the key. */
  readonly signature: Uint8Array
}

/** U+2014 EM DASH and a space. */
const LINE_START = '\u2014 '
const KEY_ID_LENGTH = 4

/**
 * Parses a signed note; verifies nothing.
 *
 * Skips lines that only look like signatures: logs add random ones on purpose, so that clients learn to ignore unknown signatures.
 *
 * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable, when it is not UTF-8 text, an empty line and at least
 * one signature line.
 */
export function parseSignedNote(bytes: Uint8Array): SignedNote {
  const refuse = (reason: string, cause?: unknown) => malformedResponse('signed note', reason, bytes, cause)
  let note: string
  try {
    note = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw refuse('not UTF-8', cause)
  }
  // "MUST NOT contain any ASCII control characters (those below U+0020) other than newline (U+000A)"
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note)) throw refuse('a control character')
  // The text ends with the newline before the last empty line.
  const split = note.lastIndexOf('\n\n')
  if (split < 0) throw refuse('no empty line before the signatures')
  const lines = note.slice(split + 2).split('\n')
  if (lines.pop() !== '') throw refuse('the last line has no end')
  if (lines.some((line) => !line.startsWith(LINE_START))) throw refuse('a line that is not a signature')
  const signatures = lines.flatMap((line) => parseSignatureLine(line) ?? [])
  if (signatures.length === 0) throw refuse('no signature')
  return { text: note.slice(0, split + 1), signatures }
}

/** The signatures whose key has this name and this id: neither alone identifies a key. */
export function signaturesBy(note: SignedNote, name: string, keyId: Uint8Array): NoteSignature[] {
  return note.signatures.filter((line) => line.name === name && equalBytes(line.keyId, keyId))
}

/**
 * Id of a key of the given signature type: the first 4 bytes of SHA-256(name || 0x0A || type || key).
 * @param type - 0x01 Ed25519, 0x04 Ed25519 cosignature, 0x05 RFC 6962 tree head, 0x06 ML-DSA-44 cosignature.
 * @param key - The public key; for type 0x05 the log id.
 */
export function noteKeyId(name: string, type: number, key: Uint8Array): Uint8Array {
  const hash = sha256Of(new TextEncoder().encode(name), Uint8Array.of(0x0a, type), key)
  return hash.slice(0, KEY_ID_LENGTH)
}

/** "— <key name> base64(32-bit key ID || signature)"; `undefined` for anything else. */
function parseSignatureLine(line: string): NoteSignature | undefined {
  const [name = '', base64 = '', ...rest] = line.slice(LINE_START.length).split(' ')
  const blob = fromBase64(base64)
  // "Key names MUST be non-empty, and MUST NOT contain any Unicode spaces or plus (U+002B)."
  if (rest.length > 0 || /^$|[\s+]/u.test(name) || blob === undefined || blob.length <= KEY_ID_LENGTH) return undefined
  return { name, keyId: blob.slice(0, KEY_ID_LENGTH), signature: blob.slice(KEY_ID_LENGTH) }
}
