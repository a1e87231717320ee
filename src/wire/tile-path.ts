import { CtStreamError } from '../errors.js'
import { toHex } from '../util/bytes.js'

/** Hashes or entries in a full tile. */
const FULL_WIDTH = 256

/**
 * Path of a hash tile below the monitoring prefix, such as `tile/0/x001/234.p/7` (C2SP static-ct-api, "Merkle Tree").
 * @param width - 1 to 256; 256, the default, is a full tile.
 */
export function hashTilePath(level: number, index: number, width = FULL_WIDTH): string {
  if (!Number.isSafeInteger(level) || level < 0 || level > 63)
    throw new CtStreamError('CT_OPTION_INVALID', `tile level ${level} is not from 0 to 63`)
  return `tile/${level}/${tileIndexPath(index)}${widthSuffix(width)}`
}

/** Path of a data tile below the monitoring prefix, such as `tile/data/x001/234` (C2SP static-ct-api, "Log Entries"). */
export function dataTilePath(index: number, width = FULL_WIDTH): string {
  return `tile/data/${tileIndexPath(index)}${widthSuffix(width)}`
}

/** Path of an issuer certificate below the monitoring prefix (C2SP static-ct-api, "Issuers"). */
export function issuerPath(fingerprint: Uint8Array): string {
  return `issuer/${toHex(fingerprint)}`
}

/** "3-digit zero-padded path elements, all but the last prefixed with x": 1234067 is `x001/x234/067`. */
export function tileIndexPath(index: number): string {
  if (!Number.isSafeInteger(index) || index < 0)
    throw new CtStreamError('CT_OPTION_INVALID', `tile index ${index} is not a safe non-negative integer`)
  let path = digits(index)
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) path = `x${digits(rest)}/${path}`
  return path
}

function widthSuffix(width: number): string {
  if (!Number.isSafeInteger(width) || width < 1 || width > FULL_WIDTH)
    throw new CtStreamError('CT_OPTION_INVALID', `tile width ${width} is not from 1 to 256`)
  return width === FULL_WIDTH ? '' : `.p/${width}`
}

const digits = (n: number): string => String(n % 1000).padStart(3, '0')
