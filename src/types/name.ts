import type { NameJson } from './certificate-json.js'

/** One `AttributeTypeAndValue` of a distinguished name, RFC 5280 section 4.1.2.4. */
export interface NameAttribute {
  /** `AttributeType`, dotted decimal. */
  readonly oid: string
  /** Short name where there is a customary one, such as `CN` (RFC 4514 section 3 and OpenSSL's names). */
  readonly name: string | undefined
  /** The value as text; `#` and hexadecimal DER when it is not a string (RFC 4514 section 2.4). */
  readonly value: string
  /** DER of the value as it stands: tag, length, content. */
  readonly raw: Uint8Array
  /** Zero-based position of the RelativeDistinguishedName it belongs to: a multi-valued RDN repeats the number. */
  readonly rdn: number
}

/** A distinguished name. The named properties hold the first value of their type, `undefined` when there is none. */
export interface Name {
  /** `CN`, 2.5.4.3; as it stands, of any length (RFC 5280 appendix A.1 says at most 64 characters). */
  readonly commonName: string | undefined
  /** `O`, 2.5.4.10. */
  readonly organization: string | undefined
  /** `OU`, 2.5.4.11. */
  readonly organizationalUnit: string | undefined
  /** `C`, 2.5.4.6: usually two letters, ISO 3166; as it stands. */
  readonly country: string | undefined
  /** `ST`, 2.5.4.8. */
  readonly stateOrProvince: string | undefined
  /** `L`, 2.5.4.7. */
  readonly locality: string | undefined
  /** pkcs-9 `emailAddress`, 1.2.840.113549.1.9.1. */
  readonly emailAddress: string | undefined
  /** Every attribute in the order of the certificate; of a broken name those before the break. */
  readonly attributes: readonly NameAttribute[]
  /** DER of the whole Name as it stands; empty when there is none to read. */
  readonly raw: Uint8Array
  /** RFC 4514: last RDN first, `+` between the values of one RDN, special characters escaped; `''` for an empty name. */
  toString(): string
  /** The name in the record of a certificate; `null` where a property is `undefined`. */
  toJSON(): NameJson
}

/** What every GeneralName has. */
interface GeneralNameBase {
  /** Text form, as it stands: not lower-cased, nothing trimmed. Octets that are not ASCII are read as UTF-8, else Latin-1. */
  readonly value: string
  /** The content octets of the name (without tag and length). */
  readonly raw: Uint8Array
}

/**
 * One name of a SubjectAltName, RFC 5280 section 4.2.1.6, discriminated by the standard's own words. `unknown`: it cannot be read, or
 * has a tag that no GeneralName has.
 */
export type GeneralName =
  | (GeneralNameBase & {
      /** IA5String. `value`: its text. */
      readonly kind: 'dNSName' | 'rfc822Name' | 'uniformResourceIdentifier'
    })
  | (GeneralNameBase & {
      /** `value`: dotted decimal or RFC 5952 text; hexadecimal when it has neither 4 nor 16 octets. */
      readonly kind: 'iPAddress'
    })
  | (GeneralNameBase & {
      /** `value`: RFC 4514 text. */
      readonly kind: 'directoryName'
      /** The same, decoded. */
      readonly name: Name
    })
  | (GeneralNameBase & {
      /** `value`: dotted decimal. */
      readonly kind: 'registeredID'
    })
  | (GeneralNameBase & {
      /** `value`: the string inside where it is one (a Microsoft UPN), else its DER in hexadecimal. */
      readonly kind: 'otherName'
      /** `type-id`, dotted decimal. */
      readonly typeId: string
    })
  | (GeneralNameBase & {
      /** `value`: lower-case hexadecimal of `raw`. */
      readonly kind: 'x400Address' | 'ediPartyName' | 'unknown'
    })
