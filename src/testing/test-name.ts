import { objectOption, optionError } from '../util/options.js'
import { distinguishedName, type NameAttributes } from './certificate-parts.js'

/** A distinguished name, by the properties of `cert.subject`; what is left out is not in it, and `{}` is the empty name. */
export interface TestName {
  /** At most 64 characters (RFC 5280 appendix A.1), as with all others but `emailAddress`: longer ones are written all the same. */
  readonly commonName?: string
  /** `O`. */
  readonly organization?: string
  /** `OU`. */
  readonly organizationalUnit?: string
  /** A PrintableString, usually two letters. */
  readonly country?: string
  /** `ST`. */
  readonly stateOrProvince?: string
  /** `L`. */
  readonly locality?: string
  /** pkcs-9 `emailAddress`. */
  readonly emailAddress?: string
  /** A PrintableString: the registration number of an organization. */
  readonly serialNumber?: string
  /** Of extended validation, such as `Private Organization`. */
  readonly businessCategory?: string
  /** Of extended validation: where the organization is registered, two letters. */
  readonly jurisdictionCountry?: string
}

/** In the order in which certificates have them. */
const ORDER = [
  ['businessCategory', 'businessCategory'],
  ['jurisdictionCountry', 'jurisdictionC'],
  ['serialNumber', 'serialNumber'],
  ['country', 'C'],
  ['stateOrProvince', 'ST'],
  ['locality', 'L'],
  ['organization', 'O'],
  ['organizationalUnit', 'OU'],
  ['commonName', 'CN'],
  ['emailAddress', 'emailAddress'],
] as const satisfies readonly (readonly [keyof TestName, NameAttributes[number][0]])[]

const LATIN = ['emailAddress', 'serialNumber', 'country', 'jurisdictionCountry']

/** The `Name`, DER. @throws {@link CtStreamError} `CT_OPTION_INVALID` */
export function encodeName(option: string, given: unknown): Buffer {
  const name = objectOption<TestName>(
    option,
    given,
    ORDER.map(([property]) => property),
  )
  return distinguishedName(
    ORDER.flatMap(([property, type]) => {
      const value = name[property]
      if (value === undefined) return []
      const isText = typeof value === 'string' && value.length <= 10_000
      if (!isText) throw optionError(`${option}.${property}`, 'a string of at most 10,000 characters', value)
      if (LATIN.includes(property) && !isAscii(value)) throw optionError(`${option}.${property}`, 'ASCII text', value)
      return [[type, value] as const]
    }),
  )
}

export const isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text)
