import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { LogKey } from '../../../src/wire/head-signature.js'
import { encodeDigitallySigned } from '../../support/wire.js'

export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
export const base64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
export const utf8 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'))
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
export const sha256Hex = (...parts: Uint8Array[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

/** The code of what `run` throws; the class name of anything that is not ours. */
export const code = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    return (error as { code?: string }).code ?? (error as Error).name
  }
  return 'no error'
}

// Made by hand from the standards: "certificates" of five bytes.
export const x509Sample = {
  timestamp: 1767139200000,
  certificate: hex('3003020101'),
  extensions: hex('000005000012d687'),
  leafIndex: 1234567,
  leafInput: hex('00000000019b71b44c00000000000530030201010008000005000012d687'),
  leafHash: '528c061932145b0be85c677d80a6e30061f54b4b4082efab5cacac79e05a2b1a',
  tileLeaf: hex(
    '0000019b71b44c00000000000530030201010008000005000012d6870020714f7108ae1387dc72ec6b79a0c0f8e596205dbc8159d2c538493ba664ed26a9',
  ),
  extraData: hex('0000080000053003020102'),
  issuer: hex('3003020102'),
}

export const precertSample = {
  timestamp: 1767139200001,
  tbsCertificate: hex('3003020103'),
  preCertificate: hex('3003020104'),
  issuerKeyHash: hex('6feecc8c16c5551d9feb3eb5f77e2da773bf68bd9ef9c52927ceb2c86e56892b'),
  extensions: hex('000005000012d687'),
  leafInput: hex(
    '00000000019b71b44c0100016feecc8c16c5551d9feb3eb5f77e2da773bf68bd9ef9c52927ceb2c86e56892b00000530030201030008000005000012d687',
  ),
  leafHash: '8b702ce7539529740139e6db27635dfcf15e6da76644426e9fd09f8701494f61',
  tileLeaf: hex(
    '0000019b71b44c0100016feecc8c16c5551d9feb3eb5f77e2da773bf68bd9ef9c52927ceb2c86e56892b00000530030201030008000005000012d68700000530030201040020714f7108ae1387dc72ec6b79a0c0f8e596205dbc8159d2c538493ba664ed26a9',
  ),
  extraData: hex('00000530030201040000080000053003020102'),
}

/** A log key with its private half. */
export function testKey(kind: 'ecdsa' | 'rsa' = 'ecdsa') {
  const { privateKey, publicKey } =
    kind === 'ecdsa'
      ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = new LogKey(new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })))
  const digitallySign = (data: Uint8Array): Uint8Array =>
    encodeDigitallySigned({
      hashAlgorithm: 4,
      signatureAlgorithm: kind === 'ecdsa' ? 3 : 1,
      signature: new Uint8Array(sign('sha256', data, privateKey)),
    })
  return { key, digitallySign }
}
