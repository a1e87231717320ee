import { concatBytes } from '../util/bytes.js'
import { EXTENSION_DATES, purposeRules, revocationRules } from './extension-rules.js'
import { type CertificateScope, type InspectedCertificate, keyText, scopeOf } from './facts.js'
import { issuerTexts } from './issuer-texts.js'
import { isWeakSignature } from './key-rules.js'
import { Remembered } from './remembered.js'
import type { Counter } from './top-counts.js'
import { Words } from './words.js'

/** Profiles remembered, up to twice as many: CAs have a few thousand, and invented ones must not fill the memory. */
const MOST = 4000
/** Longest profile remembered, octets; those of CAs have a few hundred. */
const MAX_OCTETS = 2048
const MAX_RUNS = 64
/** Of so many octets, four choose the place of a profile. */
const STRIDE = 16

/**
 * Caches what is the same, byte for byte, in many certificates of an issuer, so that it is decoded and judged once. Compares the bytes, where
 * they are: copies and hashes of them all would cost several times as much.
 */
export class IssuanceProfiles {
  private readonly known = new Remembered<IssuanceProfile, number>(MOST)
  private readonly words = new Words()
  private bytes: Uint8Array = new Uint8Array(0)
  /** Alternating begin and end of what was added; `count` numbers are valid. */
  private readonly runs = new Int32Array(MAX_RUNS * 2)
  private count = 0
  private length = 0

  /** Begins a profile in these bytes. */
  begin(bytes: Uint8Array): void {
    this.bytes = bytes
    this.words.open(bytes)
    this.count = 0
    this.length = 0
  }

  /** Adds a run of four octets or more to the profile. @returns `false` when it is too short, or they are too many. */
  add(start: number, end: number): boolean {
    if (end - start < 4 || this.length + end - start > MAX_OCTETS || this.count === MAX_RUNS * 2) return false
    this.runs[this.count++] = start
    this.runs[this.count++] = end
    this.length += end - start
    return true
  }

  /** The profile of the added bytes. @param cert - The certificate they belong to. */
  profile(cert: InspectedCertificate): IssuanceProfile {
    const { words, runs, count } = this
    let key = this.length
    // Other profiles may have the same octets at a quarter of the places: all quarters together are all octets.
    for (let shift = 0; ; shift += 4) {
      key = this.keyAt(key, shift)
      const known = this.known.get(key)
      if (known?.is(words, runs, count)) return known
      if (known === undefined || shift + 4 >= STRIDE)
        return this.known.set(key, new IssuanceProfile(cert, this.bytes, runs.slice(0, count)))
    }
  }

  private keyAt(key: number, shift: number): number {
    const { words, runs, count } = this
    let hash = key
    for (let i = 0; i < count; i += 2) {
      const last = (runs[i + 1] as number) - 4
      for (let at = (runs[i] as number) + shift; at < last; at += STRIDE) {
        hash = Math.imul(hash ^ words.at(at), 0x85ebca6b)
        hash = (hash << 13) | (hash >>> 19)
      }
      hash = Math.imul(hash ^ words.at(last), 0x85ebca6b)
      hash = (hash << 13) | (hash >>> 19)
    }
    return hash
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
  /** Kept by who counts certificates: saves looking up the three texts. */
  ownerCounter: Counter | undefined
  issuerCounter: Counter | undefined
  validationCounter: Counter | undefined
  /** Its octets and, of each run, the length. */
  private readonly octets: Words
  private readonly lengths: Int32Array
  private readonly soundByEra: (boolean | undefined)[] = []

  constructor(cert: InspectedCertificate, bytes: Uint8Array, runs: Int32Array) {
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
    this.lengths = new Int32Array(runs.length / 2)
    const parts: Uint8Array[] = []
    for (let i = 0; i < this.lengths.length; i++) {
      const part = bytes.subarray(runs[2 * i], runs[2 * i + 1])
      this.lengths[i] = part.length
      parts.push(part)
    }
    this.octets = new Words().open(concatBytes(parts))
  }

  /** Whether it is that of these runs, each of four octets or more. */
  is(words: Words, runs: Int32Array, count: number): boolean {
    const { octets, lengths } = this
    if (lengths.length * 2 !== count) return false
    let from = 0
    for (let i = 0; i < lengths.length; i++) {
      const start = runs[2 * i] as number
      const length = lengths[i] as number
      if ((runs[2 * i + 1] as number) - start !== length) return false
      const last = length - 4
      for (let at = 0; at < last; at += 4) if (octets.at(from + at) !== words.at(start + at)) return false
      if (octets.at(from + last) !== words.at(start + last)) return false
      from += length
    }
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
