import { EXTENSION_DATES, purposeRules, revocationRules } from './extension-rules.js'
import { type CertificateScope, type InspectedCertificate, keyText, scopeOf } from './facts.js'
import { issuerTexts } from './issuer-texts.js'
import { isWeakSignature } from './key-rules.js'
import { Remembered } from './remembered.js'

/** Profiles remembered, up to twice as many: CAs have a few thousand, and invented ones must not fill the memory. */
const MOST = 4000
/** Longest profile remembered, octets; those of CAs have a few hundred. */
const MAX_OCTETS = 2048

/**
 * Caches what is the same, byte for byte, in many certificates of an issuer, so that it is decoded and judged once. Compares the bytes, not a
 * hash of them.
 */
export class IssuanceProfiles {
  private readonly known = new Remembered<IssuanceProfile, number>(MOST)
  private readonly octets = new Uint8Array(MAX_OCTETS)
  private readonly words = new Int32Array(this.octets.buffer)
  private length = 0

  /** Begins the bytes of a profile. */
  begin(): void {
    this.length = 0
  }

  /** Adds bytes to the profile. @returns `false` when they are too many. */
  add(bytes: Uint8Array, start: number, end: number): boolean {
    const { octets } = this
    let { length } = this
    if (length + end - start > MAX_OCTETS - 4) return false
    for (let at = start; at < end; at++) octets[length++] = bytes[at] as number
    this.length = length
    return true
  }

  /** The profile of the added bytes. @param cert - The certificate they belong to. */
  profile(cert: InspectedCertificate): IssuanceProfile {
    const { octets, words } = this
    const count = (this.length + 3) >> 2
    octets.fill(0, this.length, count * 4)
    let hash = this.length
    for (let i = 0; i < count; i++) {
      hash = Math.imul(hash ^ (words[i] as number), 0x85ebca6b)
      hash = (hash << 13) | (hash >>> 19)
    }
    const known = this.known.get(hash)
    if (known?.is(words, count)) return known
    return this.known.set(hash, new IssuanceProfile(cert, words.slice(0, count)))
  }
}

/** What is known of one combination of issuer, algorithms and extensions. */
export class IssuanceProfile {
  /** `undefined` when the names decide. */
  readonly scope: CertificateScope | undefined
  readonly hasWeakSignature: boolean
  readonly isRsa: boolean
  /** The kind of key, as in statistics, but without the size of an RSA key. */
  readonly key: string
  /** Organization, or the common name where there is none. */
  readonly owner: string
  /** Common name and organization. */
  readonly issuer: string
  /** `none` when the policies claim no level. */
  readonly validation: string
  readonly hasOcsp: boolean
  private readonly words: Int32Array
  private readonly soundByEra: (boolean | undefined)[] = []

  constructor(cert: InspectedCertificate, words: Int32Array) {
    const scope = scopeOf(cert, false)
    const isStated = (cert.extendedKeyUsage ?? []).length > 0
    this.scope = scope === 'other' && !isStated ? undefined : scope
    this.hasWeakSignature = isWeakSignature(cert.signatureAlgorithm?.oid)
    this.isRsa = cert.publicKey?.algorithm === 'RSA'
    this.key = cert.publicKey === undefined ? 'unreadable' : keyText(cert.publicKey)
    const { owner, issuer } = issuerTexts(cert)
    this.owner = owner
    this.issuer = issuer
    this.validation = cert.validation ?? 'none'
    this.hasOcsp = cert.ocspUrls.length > 0
    this.words = words
  }

  is(words: Int32Array, count: number): boolean {
    if (this.words.length !== count) return false
    for (let i = 0; i < count; i++) if (words[i] !== this.words[i]) return false
    return true
  }

  /**
   * Whether the extensions break no rule.
   *
   * @param begin - `notBefore`, epoch milliseconds.
   * @param isCovered - Whether the certificate has revocation information, or needs none.
   */
  isSound(cert: InspectedCertificate, begin: number, isCovered: boolean): boolean {
    let era = isCovered ? 1 : 0
    for (const from of EXTENSION_DATES) if (begin >= from) era += 2
    return (this.soundByEra[era] ??=
      purposeRules(cert).length + revocationRules(cert, { isShortLived: isCovered }).length === 0)
  }
}
