import type { CertificateFields } from '../x509/certificate-fields.js'
import type { Outline } from '../x509/outline.js'

/** The fields that an entry reads of its certificate. {@link CertificateFields} has all of them; messages of servers have no DER. */
export interface EntryFields
  extends Omit<CertificateFields, 'outline' | 'tbs' | 'issuanceId' | 'issuanceTbs' | 'spkiHash' | 'unreadNames'> {
  readonly outline: Outline | undefined
  readonly tbs: Uint8Array | undefined
  readonly issuanceId: string | undefined
  readonly unreadNames?: string | undefined
  issuanceTbs(): Uint8Array | undefined
}
