import { CtStreamError } from '../errors.js'
import type { SignedHead } from '../types/log.js'
import { ByteReader, equalBytes, fromBase64 } from '../util/bytes.js'
import { type LogKey, verifyHead } from './head-signature.js'
import { malformedResponse } from './malformed.js'
import { type NoteSignature, noteKeyId, parseSignedNote, signaturesBy } from './signed-note.js'

/** A log's checkpoint (C2SP tlog-checkpoint, static-ct-api): the same statement as a get-sth answer. */
export interface CheckpointNote {
  /** Submission prefix of the log without scheme and trailing slash. The log's signature does not cover it. */
  readonly origin: string
  /** The head as a get-sth answer has it; each form can be computed from the other without the key. */
  readonly head: SignedHead
  /** Lines after the root hash: opaque, and not covered by the log's signature. */
  readonly extensions: readonly string[]
  /** The text that the other signatures sign. */
  readonly text: string
  /** Signatures by other keys, such as witnesses; unverified. */
  readonly cosignatures: readonly NoteSignature[]
}

/** Signature type of an RFC 6962 tree head. */
const TREE_HEAD = 0x05

/**
 * Parses a checkpoint and finds the log's signature in it; see {@link openCheckpoint} to verify it too.
 *
 * @param logId - 32 bytes.
 * @param origin - The expected first line; `undefined` for any.
 * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable, when it is not a checkpoint, or that of another log;
 * `CT_HEAD_SIGNATURE`, retryable, when it has no signature by this log's key.
 */
export function parseCheckpoint(bytes: Uint8Array, logId: Uint8Array, origin?: string): CheckpointNote {
  const refuse = (reason: string, cause?: unknown) => malformedResponse('checkpoint', reason, bytes, cause)
  const note = parseSignedNote(bytes)
  const [name = '', size = '', root = '', ...extensions] = note.text.slice(0, -1).split('\n')
  if (name === '') throw refuse('no origin line')
  if (origin !== undefined && name !== origin) throw refuse(`its origin is not ${JSON.stringify(origin)}`)
  // "the tree size MUST be encoded as an ASCII decimal, without leading zeroes"
  const treeSize = /^(0|[1-9][0-9]{0,15})$/.test(size) ? Number(size) : Number.NaN
  if (!Number.isSafeInteger(treeSize)) throw refuse('its size is not a decimal number below 2^53')
  const rootHash = fromBase64(root)
  if (rootHash?.length !== 32) throw refuse('its root hash is not base64 of 32 bytes')

  const keyId = noteKeyId(name, TREE_HEAD, logId)
  const [own] = signaturesBy(note, name, keyId)
  if (own === undefined)
    throw new CtStreamError(
      'CT_HEAD_SIGNATURE',
      `the checkpoint of ${name} holds no signature by the key of this log`,
      {
        retryable: true,
      },
    )
  const { timestamp, signature } = readTreeHeadSignature(own, refuse)
  return {
    origin: name,
    head: { treeSize, timestamp, rootHash, signature },
    extensions,
    text: note.text,
    cosignatures: note.signatures.filter((line) => line.name !== name || !equalBytes(line.keyId, keyId)),
  }
}

/**
 * Parses a checkpoint and verifies the log's signature.
 * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED` as {@link parseCheckpoint}; `CT_HEAD_SIGNATURE`, retryable, when
 * the signature does not verify.
 */
export function openCheckpoint(bytes: Uint8Array, key: LogKey, origin?: string): CheckpointNote {
  const checkpoint = parseCheckpoint(bytes, key.logId, origin)
  verifyHead(checkpoint.head, key)
  return checkpoint
}

/** A witness's `cosignature/v1` of a checkpoint (C2SP tlog-cosignature). */
export interface Cosignature {
  /** When the witness saw it, epoch SECONDS, as in the standard. */
  readonly timestamp: number
  /** Ed25519, 64 bytes. */
  readonly signature: Uint8Array
  /** The bytes that it signs. */
  readonly message: Uint8Array
}

/** Reads a signature line of a checkpoint as a `cosignature/v1`; `undefined` when it does not have that shape. */
export function asCosignature(line: NoteSignature, text: string): Cosignature | undefined {
  if (line.signature.length !== 8 + 64) return undefined
  const reader = new ByteReader(line.signature, 'cosignature')
  try {
    const timestamp = reader.u64('timestamp')
    const message = new TextEncoder().encode(`cosignature/v1\ntime ${timestamp}\n${text}`)
    return { timestamp, signature: line.signature.slice(8), message }
  } catch (error) {
    if (CtStreamError.is(error)) return undefined
    throw error
  }
}

type Refuse = (reason: string, cause?: unknown) => CtStreamError

/** `RFC6962NoteSignature` (C2SP static-ct-api, "Checkpoints"). */
function readTreeHeadSignature(line: NoteSignature, refuse: Refuse): { timestamp: number; signature: Uint8Array } {
  try {
    const reader = new ByteReader(line.signature, 'RFC6962NoteSignature', 'CT_RESPONSE_MALFORMED')
    // uint64 timestamp;
    const timestamp = reader.u64('timestamp')
    // TreeHeadSignature signature; a DigitallySigned, parsed when it is verified
    return { timestamp, signature: line.signature.slice(reader.offset) }
  } catch (cause) {
    if (!CtStreamError.is(cause)) throw cause
    throw refuse(cause.message, cause)
  }
}
