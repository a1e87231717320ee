import { decodeSingle } from '../decode/index.js'
import { CtStreamError } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { DecodeOptions } from '../types/lookup.js'
import { copyBytes } from '../util/bytes.js'
import { objectOption, optionError } from '../util/options.js'
import { certificatesOfPem } from '../util/pem.js'

/** `ASN.1Cert` of RFC 6962 has a length of three bytes. */
const MAX_DER = 0xffffff
/** More than its base64 with line breaks, and what may stand around it. */
const MAX_PEM = 32 * 1024 * 1024
const PEM_BEGIN = Buffer.from('-----BEGIN ')

export function decodeGiven(given: Uint8Array | string, options: DecodeOptions = {}): CtCertificate {
  const { chain } = objectOption<DecodeOptions>('options', options, ['chain'])
  if (chain !== undefined && !(Array.isArray(chain) && chain.every((der) => der instanceof Uint8Array)))
    throw optionError('chain', 'an array of DER bytes', chain)
  const [der, ...following] = bytesOf(given)
  if (der === undefined) throw new CtStreamError('CT_DER_MALFORMED', 'PEM without a certificate')
  if (der.length > MAX_DER) throw optionError('certificate', `at most ${MAX_DER} bytes`, der.length)
  return decodeSingle(der, { chain: (chain ?? following).map(copyBytes) })
}

function bytesOf(given: unknown): Uint8Array[] {
  if (!(given instanceof Uint8Array)) {
    if (typeof given === 'string') return pemOf(given)
    throw optionError('certificate', 'DER bytes, or PEM as text or bytes', given)
  }
  const isPem = given.length <= MAX_PEM && Buffer.from(given.buffer, given.byteOffset, given.length).includes(PEM_BEGIN)
  // No DER of a certificate begins with a character of text; one may well hold the words of PEM somewhere.
  return isPem && given[0] !== 0x30 ? pemOf(new TextDecoder().decode(given)) : [copyBytes(given)]
}

function pemOf(text: string): Uint8Array[] {
  if (text.length > MAX_PEM) throw optionError('certificate', `PEM of at most ${MAX_PEM} characters`, text.length)
  return certificatesOfPem(text).map((der, i) => {
    if (der === undefined)
      throw new CtStreamError('CT_DER_MALFORMED', `PEM block ${i + 1} is not base64, or is cut off`)
    return der
  })
}
