import type {
  BasicConstraints,
  CertificatePolicy,
  ExtendedKeyUsage,
  Extension,
  KeyUsageName,
  PublicKeyInfo,
  SignatureAlgorithm,
  ValidationLevel,
} from '../types/certificate-fields.js'
import type { GeneralName, Name } from '../types/name.js'
import type { Sct } from '../types/sct.js'
import { AccessMethod, validationLevel } from '../x509/extension-values.js'
import { noName } from '../x509/name.js'
import { readScts } from './embedded-scts.js'
import { dateOf, EntryBytes } from './entry-bytes.js'

/** The lists of every certificate that has none; frozen, since all share it. */
const noStrings: readonly string[] = Object.freeze([])

/** The fields of the certificate in an entry, each read when it is asked for. */
export abstract class EntryCertificate extends EntryBytes {
  get serialNumber(): string | undefined {
    return this.fields?.serialNumber
  }

  get subject(): Name {
    return this.fields?.subject ?? noName
  }

  get issuer(): Name {
    return this.fields?.issuer ?? noName
  }

  get notBefore(): Date | undefined {
    return dateOf(this.fields?.notBefore)
  }

  get notAfter(): Date | undefined {
    return dateOf(this.fields?.notAfter)
  }

  get dnsNames(): readonly string[] {
    return this.fields?.dnsNames ?? noStrings
  }

  get ipAddresses(): readonly string[] {
    return this.fields?.ipAddresses ?? noStrings
  }

  get emailAddresses(): readonly string[] {
    return this.fields?.emailAddresses ?? noStrings
  }

  get uris(): readonly string[] {
    return this.fields?.uris ?? noStrings
  }

  get altNames(): readonly GeneralName[] {
    return this.fields?.altNames ?? []
  }

  get publicKey(): PublicKeyInfo | undefined {
    return this.fields?.publicKey
  }

  get signatureAlgorithm(): SignatureAlgorithm | undefined {
    return this.fields?.signatureAlgorithm
  }

  get keyUsage(): readonly KeyUsageName[] | undefined {
    return this.fields?.keyUsage
  }

  get extendedKeyUsage(): readonly ExtendedKeyUsage[] | undefined {
    return this.fields?.extendedKeyUsage
  }

  get basicConstraints(): BasicConstraints | undefined {
    return this.fields?.basicConstraints
  }

  get subjectKeyId(): string | undefined {
    return this.fields?.subjectKeyId
  }

  get authorityKeyId(): string | undefined {
    return this.fields?.authorityKeyId
  }

  get ocspUrls(): readonly string[] {
    return this.once('ocspUrls', () => this.accessUrls(AccessMethod.ocsp))
  }

  get caIssuerUrls(): readonly string[] {
    return this.once('caIssuerUrls', () => this.accessUrls(AccessMethod.caIssuers))
  }

  get crlUrls(): readonly string[] {
    return this.fields?.crlUrls ?? noStrings
  }

  get policies(): readonly CertificatePolicy[] {
    return this.fields?.policies ?? []
  }

  get validation(): ValidationLevel | undefined {
    return validationLevel(this.policies)
  }

  get scts(): readonly Sct[] {
    return this.once('scts', () => readScts(this.fields?.sctLists ?? [], this.found))
  }

  get extensions(): readonly Extension[] {
    return this.fields?.extensions ?? []
  }

  get isCa(): boolean {
    return this.basicConstraints?.ca ?? false
  }

  get isSelfIssued(): boolean {
    return this.fields?.isSelfIssued ?? false
  }

  private accessUrls(method: string): readonly string[] {
    const uris: string[] = []
    for (const location of this.fields?.accessLocations ?? []) if (location.method === method) uris.push(location.uri)
    return uris
  }
}
