import { decodeEntry, decodePassedOn, type EntryContext } from '../decode/index.js'
import type { CtCertificate } from '../types/certificate.js'
import { fromBase64 } from '../util/bytes.js'
import { isRecord, type JsonRecord, listOf, textOf } from './json-values.js'
import { chainOf, derOf, indexOf } from './message-parts.js'

// What `ct-stream serve` sends at its own paths with `format=full`: the JSON of a certificate, with its DER and chain.

const KINDS: readonly unknown[] = ['certificate', 'precertificate', 'unparsable']

export function isOwnMessage({ kind, index, log }: JsonRecord): boolean {
  return KINDS.includes(kind) && typeof index === 'number' && (isRecord(log) || typeof log === 'string')
}

/** Whether the entry itself is in it, as with `format=full`, and not only a description of it. */
export function hasEntry(message: JsonRecord): boolean {
  return derOf(message.der) !== undefined || leafOf(message) !== undefined
}

/** @param message - One that {@link hasEntry}. */
export function ownCertificate(message: JsonRecord, context: EntryContext): CtCertificate {
  const index = indexOf(message.index)
  const chain = chainOf(listOf(message.chain))
  const leafInput = leafOf(message)
  // The leaf is the entry: what its DER alone would make might be a certificate that the log does not have.
  if (leafInput !== undefined) {
    const preCertificate = bytesOf(message.der)
    const extra = {
      preCertificate: () => preCertificate,
      chain: () => ({ kind: 'certificates', certificates: chain }) as const,
    }
    return decodeEntry({ index, leafInput, extra }, context)
  }
  const der = derOf(message.der) ?? new Uint8Array()
  const time = Date.parse(textOf(message.timestamp) ?? '')
  const timestamp = time >= 0 ? time : undefined
  return decodePassedOn(der, { index, timestamp, chain }, context)
}

/** Of an unparsable entry. */
function leafOf({ leafInput }: JsonRecord): Uint8Array | undefined {
  return bytesOf(leafInput)
}

function bytesOf(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' ? fromBase64(value) : undefined
}
