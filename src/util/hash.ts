import { createHash, hash as oneShot } from 'node:crypto'
import { plain } from './bytes.js'

/** SHA-256 of `data`, 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  // A binary string needs no Buffer of its own: 0.8 µs with the copy below, 1.3 without (Node 20, 700 bytes).
  const digest = oneShot('sha256', data, 'binary')
  const bytes = new Uint8Array(32)
  for (let i = 0; i < 32; i++) bytes[i] = digest.charCodeAt(i)
  return bytes
}

/** SHA-256 of several byte strings one after the other. */
export function sha256Of(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return plain(hash.digest())
}

/** SHA-256 as lower-case hexadecimal. */
export function sha256Hex(data: Uint8Array): string {
  return oneShot('sha256', data, 'hex')
}

/** SHA-1 as lower-case hexadecimal: a customary certificate fingerprint, never a proof. */
export function sha1Hex(data: Uint8Array): string {
  return oneShot('sha1', data, 'hex')
}
