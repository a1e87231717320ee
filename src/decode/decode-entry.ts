import type { CtCertificate } from '../types/certificate.js'
import type { RawEntry } from '../types/entries.js'
import type { Outline } from '../x509/outline.js'
import { certificateText } from './certificate-text.js'
import { DecodedEntry } from './decoded-entry.js'
import type { EntryContext } from './entry-context.js'

/**
 * Makes the certificate of an entry. Does no work itself: fields are decoded when they are first read.
 *
 * Never throws because of the bytes, nor does any property of the result.
 *
 * @param raw - Kept; must own its bytes.
 * @param context - Kept; shared by the entries of a batch.
 * @param leafHash - 32 bytes, kept, if it is known already. Otherwise computed when it is first read.
 */
export function decodeEntry(raw: RawEntry, context: EntryContext, leafHash?: Uint8Array): CtCertificate {
  return new DecodedEntry(raw, context, leafHash)
}

/** The context that {@link decodeEntry} was given for this certificate; `undefined` for anything that it did not make. */
export function contextOf(certificate: unknown): EntryContext | undefined {
  return DecodedEntry.contextOf(certificate)
}

/** The bytes that {@link decodeEntry} was given for this certificate; `undefined` for anything that it did not make. */
export function rawOf(certificate: unknown): RawEntry | undefined {
  return DecodedEntry.rawOf(certificate)
}

/** Whether {@link decodeEntry} with the bytes and the context of this certificate makes the same again. */
export function isOfBytes(certificate: object): boolean {
  return DecodedEntry.isOfBytes(certificate)
}

/** Where the fields of this certificate are in its bytes; `undefined` for anything that {@link decodeEntry} did not make. */
export function outlineOf(certificate: unknown): Outline | undefined {
  return DecodedEntry.outlineOf(certificate)
}

/**
 * Why `dnsNames` or `ipAddresses` may lack names that other readers find, for people; `undefined` when all could be read, and for
 * anything that {@link decodeEntry} did not make.
 */
export function unreadNamesOf(certificate: unknown): string | undefined {
  return DecodedEntry.unreadNamesOf(certificate)
}

/**
 * Whether a server described this certificate without its bytes. Of a field that is then absent or empty nobody knows whether the
 * certificate has it; none describes keys and extensions as such.
 */
export function isTold(certificate: unknown): boolean {
  return DecodedEntry.isTold(certificate)
}

/** The `timestamp` of this certificate, epoch milliseconds; `undefined` also for anything that {@link decodeEntry} did not make. */
export function timeOf(certificate: unknown): number | undefined {
  return DecodedEntry.timeOf(certificate)
}

/**
 * What `JSON.stringify(certificate)` gives, faster where {@link decodeEntry} made the certificate.
 */
export function jsonText(certificate: CtCertificate): string {
  return DecodedEntry.hasJsonOf(certificate) ? certificateText(certificate) : JSON.stringify(certificate)
}
