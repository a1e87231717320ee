import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  randomBytes,
  randomInt,
  sign as signOneShot,
} from 'node:crypto'
import type { SignedHead } from '../types/log.js'
import { optionError } from '../util/options.js'

/** A log's P-256 key. */
export class LogKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer
  /** SHA-256 of it (RFC 6962 section 3.2). */
  readonly logId: Buffer
  private readonly privateKey: KeyObject

  /** @param key - A P-256 private key, as `KeyObject` or PEM; a new one when `undefined`. */
  constructor(key: KeyObject | string | undefined) {
    this.privateKey =
      key === undefined ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : toPrivateKey(key)
    if (this.privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
      throw optionError('key', 'a P-256 private key (KeyObject or PEM)', key)
    this.spki = createPublicKey(this.privateKey).export({ type: 'spki', format: 'der' })
    this.logId = hash('sha256', this.spki, 'buffer')
  }

  /** `TreeHeadSignature` (RFC 6962 section 3.5). */
  signHead(treeSize: number, timestamp: number, rootHash: Uint8Array): SignedHead {
    const text = Buffer.alloc(50)
    text[1] = 1 // SignatureType signature_type = tree_hash
    text.writeBigUInt64BE(BigInt(timestamp), 2)
    text.writeBigUInt64BE(BigInt(treeSize), 10)
    text.set(rootHash, 18)
    const signature = signOneShot('sha256', text, this.privateKey)
    return {
      treeSize,
      timestamp,
      rootHash: Uint8Array.from(rootHash),
      signature: Uint8Array.of(4, 3, 0, signature.length, ...signature),
    }
  }
}

function toPrivateKey(key: KeyObject | string): KeyObject {
  try {
    return typeof key === 'string' ? createPrivateKey(key) : key
  } catch (cause) {
    throw Object.assign(optionError('key', 'a P-256 private key (KeyObject or PEM)', '…'), { cause })
  }
}

/** A signer of cosignatures (C2SP tlog-cosignature), type 0x04. */
export class Witness {
  readonly name: string
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Buffer
  private readonly privateKey: KeyObject

  constructor(name: string) {
    const pair = generateKeyPairSync('ed25519')
    this.name = name
    this.publicKey = pair.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
    this.privateKey = pair.privateKey
  }

  cosign(note: string, timestampSeconds: number): string {
    const time = Buffer.alloc(8)
    time.writeBigUInt64BE(BigInt(timestampSeconds))
    const message = Buffer.from(`cosignature/v1\ntime ${timestampSeconds}\n${note}`)
    const keyId = noteKeyId(this.name, 0x04, this.publicKey)
    return noteLine(this.name, keyId, Buffer.concat([time, signOneShot(null, message, this.privateKey)]))
  }
}

/** The log's own line of a checkpoint: `RFC6962NoteSignature` (C2SP static-ct-api). */
export function renderCheckpoint(
  head: SignedHead,
  origin: string,
  logId: Uint8Array,
  extra: { readonly grease: boolean; readonly witnesses: readonly Witness[] },
): string {
  const note = `${origin}\n${head.treeSize}\n${Buffer.from(head.rootHash).toString('base64')}\n`
  const time = Buffer.alloc(8)
  time.writeBigUInt64BE(BigInt(head.timestamp))
  const lines = [noteLine(origin, noteKeyId(origin, 0x05, logId), Buffer.concat([time, head.signature]))]
  for (const witness of extra.witnesses) lines.push(witness.cosign(note, Math.floor(head.timestamp / 1000)))
  // Sunlight adds meaningless lines, to reveal clients that fail on unknown signatures.
  if (extra.grease)
    lines.push(
      noteLine('grease.invalid', randomBytes(4), randomBytes(randomInt(5, 105))),
      noteLine(origin, randomBytes(4), randomBytes(randomInt(5, 105))),
    )
  return `${note}\n${shuffled(lines).join('')}`
}

/** First 4 bytes of SHA-256(name || 0x0A || signature type || key): C2SP signed-note. */
export const noteKeyId = (name: string, type: number, key: Uint8Array): Buffer =>
  hash('sha256', Buffer.concat([Buffer.from(name), Buffer.of(0x0a, type), key]), 'buffer').subarray(0, 4)

const noteLine = (name: string, keyId: Uint8Array, signature: Uint8Array): string =>
  `\u2014 ${name} ${Buffer.concat([keyId, signature]).toString('base64')}\n`

function shuffled<T>(items: readonly T[]): T[] {
  const left = [...items]
  return items.map(() => left.splice(randomInt(left.length), 1)[0] as T)
}
