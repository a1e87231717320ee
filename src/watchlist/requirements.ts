import { isTold } from '../decode/decode-entry.js'
import type { CtCertificate } from '../types/certificate.js'
import type { ValidationLevel } from '../types/certificate-fields.js'
import { integerOption, optionError } from '../util/options.js'
import type { WatchlistOptions } from './options.js'

const LEVELS: readonly ValidationLevel[] = ['DV', 'OV', 'IV', 'EV']
const DAY = 86_400_000

/** A kind of key: any of an algorithm, or of a curve, or of at least so many bits. */
interface KeyRule {
  readonly algorithm: string
  readonly curve: string | undefined
  readonly bits: number | undefined
}

/** What is read of a certificate. */
export type Required = Pick<CtCertificate, 'publicKey'> &
  Partial<Pick<CtCertificate, 'validation' | 'notBefore' | 'notAfter'>>

/** What every certificate of own names must be like, whoever issues it. */
export class Requirements {
  private readonly validation: readonly ValidationLevel[] | undefined
  private readonly keys: readonly KeyRule[] | undefined
  private readonly maxDays: number

  /** @throws {@link CtStreamError} `CT_OPTION_INVALID` */
  constructor({ validation, keys, maxDays }: Pick<WatchlistOptions, 'validation' | 'keys' | 'maxDays'>) {
    this.validation = listOption('validation', validation, LEVELS.join(', '), (level) =>
      LEVELS.find((one) => one === level),
    )
    this.keys = listOption('keys', keys, "kinds of keys, such as 'RSA 3072', 'EC' or 'EC P-256'", keyRule)
    this.maxDays = integerOption('maxDays', maxDays, 1, 36_500, Number.POSITIVE_INFINITY)
  }

  /** What the certificate is not like, printable; `[]` when all that is known of it is as required. */
  broken(cert: Required): readonly string[] {
    const { validation, publicKey, notBefore, notAfter } = cert
    const reasons: string[] = []
    // What a server left out may be as required.
    const isUnknown = (value: unknown) => value === undefined && isTold(cert)
    if (this.validation !== undefined && !isUnknown(validation) && !this.validation.some((one) => one === validation))
      reasons.push(
        `its validation level is ${validation ?? 'not stated'}, which is not among ${this.validation.join(', ')}`,
      )
    if (this.keys !== undefined && !isUnknown(publicKey) && !this.keys.some((rule) => isOf(rule, publicKey)))
      reasons.push(`its key is ${keyText(publicKey)}, which is none of those allowed`)
    const days = notBefore && notAfter && Math.ceil((notAfter.getTime() - notBefore.getTime() + 1000) / DAY)
    const isTooLong = days === undefined ? !isUnknown(days) : days > this.maxDays
    if (this.maxDays < Number.POSITIVE_INFINITY && isTooLong)
      reasons.push(`it is valid for ${days ?? 'an unreadable number of'} days, more than ${this.maxDays}`)
    return reasons
  }
}

function keyRule(text: string): KeyRule | undefined {
  const [, algorithm, size] = /^([A-Za-z][\w-]{0,40})(?: ([\w.-]{1,40}))?$/.exec(text) ?? []
  if (algorithm === undefined) return undefined
  const isNumber = size !== undefined && /^\d{1,5}$/.test(size)
  return {
    algorithm: algorithm.toLowerCase(),
    curve: isNumber ? undefined : size?.toLowerCase(),
    bits: isNumber ? Number(size) : undefined,
  }
}

function isOf({ algorithm, curve, bits }: KeyRule, key: CtCertificate['publicKey']): boolean {
  if (key?.algorithm.toLowerCase() !== algorithm) return false
  if (curve !== undefined) return key.curve?.toLowerCase() === curve
  return bits === undefined || (key.bits ?? 0) >= bits
}

function keyText(key: CtCertificate['publicKey']): string {
  return key === undefined ? 'unreadable' : `${key.algorithm} ${key.curve ?? key.bits ?? ''}`.trim()
}

function listOption<T>(
  name: string,
  value: unknown,
  bound: string,
  read: (text: string) => T | undefined,
): readonly T[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value) || value.length === 0 || value.length > 100)
    throw optionError(name, `an array of 1 to 100 of ${bound}`, value)
  return value.map((one, i) => {
    const rule = typeof one === 'string' ? read(one) : undefined
    if (rule === undefined) throw optionError(`${name}[${i}]`, `one of ${bound}`, one)
    return rule
  })
}
