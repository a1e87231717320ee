import { CtStreamError } from '../../errors.js'
import { toBase64 } from '../../util/bytes.js'
import { LogKey } from '../../wire/head-signature.js'
import type { CommandContext } from '../command.js'

/** Longest file of a key, which has a few hundred bytes. */
const MAX_BYTES = 64 * 1024

/**
 * The base64 of a log's public key, which `--key` takes as such, as PEM, or as a file of either.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag.
 */
export async function keyOf({ io, values }: CommandContext, key: string): Promise<string> {
  if (isKey(key)) return key
  const text = key.includes('-----BEGIN') ? key : await fileText()
  const base64 = text.replace(/-----(BEGIN|END) PUBLIC KEY-----/g, '').replace(/\s+/g, '')
  if (isKey(base64)) return base64
  return values.refuse('key', 'a key as base64 or PEM (BEGIN PUBLIC KEY), or a file with one', key.slice(0, 200))

  async function fileText(): Promise<string> {
    try {
      const bytes = await io.readFile(key, MAX_BYTES)
      return isKey(toBase64(bytes)) ? toBase64(bytes) : new TextDecoder().decode(bytes)
    } catch {
      return ''
    }
  }
}

/** Whether a text is the base64 SubjectPublicKeyInfo of a key that a log can have. */
export function isKey(key: string): boolean {
  try {
    new LogKey(key)
    return true
  } catch (error) {
    if (CtStreamError.is(error)) return false
    throw error
  }
}
