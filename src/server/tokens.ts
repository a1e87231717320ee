import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { optionError } from '../util/options.js'

/** Longer tokens are refused unread. */
const MAX_LENGTH = 1024

/** A set of tokens, stored as hashes. */
export class Tokens {
  private readonly digests: readonly Buffer[]

  /**
   * @param tokens - Each as it is, or `sha256:` and the hex of its SHA-256, so that a config file need not hold it.
   * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming one that is too short to be a secret. Its value is not shown.
   */
  constructor(tokens: readonly string[], option = 'tokens') {
    this.digests = tokens.map((token, i) => {
      const [, hex] = /^sha256:([0-9a-f]{64})$/i.exec(token) ?? []
      if (hex !== undefined) return Buffer.from(hex, 'hex')
      if (token.length < 8 || token.length > MAX_LENGTH || !/^[\x21-\x7e]+$/.test(token))
        throw optionError(
          `${option}[${i}]`,
          `8 to ${MAX_LENGTH} printable characters without spaces, or sha256:HEX`,
          '…',
        )
      return digestOf(token)
    })
  }

  get areNeeded(): boolean {
    return this.digests.length > 0
  }

  /** Whether a request has a valid token, or none is needed. Takes the same time for every wrong token. */
  allow(request: IncomingMessage, url: URL): boolean {
    if (this.digests.length === 0) return true
    const [, bearer] = /^Bearer (\S+)$/i.exec(request.headers.authorization?.slice(0, MAX_LENGTH + 10) ?? '') ?? []
    // From the query too: browsers cannot send headers with a WebSocket or an EventSource.
    const given = bearer ?? url.searchParams.get('token') ?? ''
    if (given === '' || given.length > MAX_LENGTH) return false
    const digest = digestOf(given)
    let isAllowed = false
    for (const known of this.digests) if (timingSafeEqual(known, digest)) isAllowed = true
    return isAllowed
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
