import { type EntryContext, jsonText } from '../decode/index.js'
import { encodeLeafBody } from '../decode/leaf-body.js'
import type { OnIssuer } from '../decode/sent-chain.js'
import type { CtCertificate } from '../types/certificate.js'
import type { CertificateKind } from '../types/certificate-kind.js'
import { toHex } from '../util/bytes.js'
import { choiceOption, integerOption, objectOption } from '../util/options.js'

/** Version of the message format; consumers set messages of a later version aside. */
export const MESSAGE_VERSION = 1

/**
 * What the body of a message holds.
 *
 * - `json`: what `certificate.toJSON()` gives, for people and programs of any kind
 * - `leaf`: one static-ct `TileLeaf`: the whole entry, which hashes to `ct-leaf`; issuers by fingerprint
 * - `certstream`: the full CertStream message
 */
export type MessageBody = 'json' | 'leaf' | 'certstream'

/** One entry as it is written to an engine. */
export interface EntryMessage {
  /** The log id (base64), which keeps the entries of a log in order; with `key: 'issuance'` the issuance id, where there is one. */
  readonly key: string
  /** ASCII text by name: `ct-v`, `ct-log`, `ct-index`, `ct-epoch`, `ct-leaf`, `ct-issuance`, `ct-time`, `ct-kind`, `ct-body`, `ct-marks`. */
  readonly headers: Readonly<Record<string, string>>
  /** Empty where it would exceed the limit (`ct-body: omitted`): read that entry from its log. */
  readonly body: Uint8Array
}

/** What `ct-marks` says of an entry, comma-separated; most entries have none of them. */
export const MARKS = ['unverified', 'historical'] as const

/** What messages contain; all optional. */
export interface MessageOptions {
  /** The format of the body. Default `'json'`. */
  readonly body?: MessageBody
  /** What messages are keyed by. Default `'log'`. */
  readonly key?: 'log' | 'issuance'
  /** Largest body. Bytes, 0 to 67,108,864. Default 900,000: below the 1 MiB most engines take. */
  readonly maxBodyBytes?: number
}

/** What the headers of a message say. */
export interface MessageFacts {
  /** The log's id: base64, 44 characters. */
  readonly logId: string
  /** Position of the entry in its log. */
  readonly index: number
  /** Epoch of the lease under which it was written; 0 without one. */
  readonly epoch: number
  /** SHA-256 of the Merkle leaf, 32 bytes. */
  readonly leafHash: Uint8Array
  /** Issuance id, hex; `undefined` where the entry has none. */
  readonly issuanceId: string | undefined
  /** The log's timestamp, epoch milliseconds; `undefined` where the entry has none. */
  readonly timestamp: number | undefined
  /** What the entry holds. */
  readonly kind: CertificateKind
  /** Whether the reader proved the entry to be in its log: `ct-marks` does not say `unverified`. */
  readonly verified: boolean
  /** Whether the entry is from a backlog rather than live: `ct-marks` says `historical`. */
  readonly historical: boolean
}

/** What a consumer must know of a log, since messages do not contain it. */
export type ContextOf = (logId: string) => EntryContext

/** Makes messages of entries. */
export class MessageEncoder {
  private readonly body: MessageBody
  private readonly key: 'log' | 'issuance'
  private readonly maxBodyBytes: number

  /** @throws {@link CtStreamError} `CT_OPTION_INVALID` */
  constructor(options: MessageOptions = {}) {
    const { body, key, maxBodyBytes } = objectOption<MessageOptions>('message', options, [
      'body',
      'key',
      'maxBodyBytes',
    ])
    this.body = choiceOption('message.body', body, ['json', 'leaf', 'certstream'], 'json')
    this.key = choiceOption('message.key', key, ['log', 'issuance'], 'log')
    this.maxBodyBytes = integerOption('message.maxBodyBytes', maxBodyBytes, 0, 2 ** 26, 900_000)
  }

  /**
   * @param epoch - Epoch of the lease; 0 without one.
   * @param onIssuer - With `body: 'leaf'`: called with the SHA-256 (32 bytes) and the DER of each issuer that stands in the entry, as those of RFC
   * 6962 logs do; the body has the hash alone. The bytes are not to be changed; copy what is kept.
   */
  encode(
    certificate: CtCertificate,
    epoch: number,
    onIssuer?: (fingerprint: Uint8Array, der: Uint8Array) => void,
  ): EntryMessage {
    const { log, index, leafHash, issuanceId, timestamp, kind, verified, historical } = certificate
    const body = bodyOf(certificate, this.body, onIssuer)
    const isWhole = body !== undefined && body.length <= this.maxBodyBytes
    const headers: Record<string, string> = {
      'ct-v': String(MESSAGE_VERSION),
      'ct-log': log.id,
      'ct-index': String(index),
      'ct-epoch': String(epoch),
      'ct-leaf': toHex(leafHash),
      'ct-kind': kind,
      'ct-body': isWhole ? this.body : 'omitted',
    }
    if (issuanceId !== undefined) headers['ct-issuance'] = issuanceId
    if (timestamp !== undefined) headers['ct-time'] = String(timestamp.getTime())
    const marks = MARKS.filter((mark) => (mark === 'historical' ? historical : !verified))
    if (marks.length > 0) headers['ct-marks'] = marks.join(',')
    return {
      key: this.key === 'issuance' ? (issuanceId ?? log.id) : log.id,
      headers,
      body: isWhole ? body : new Uint8Array(0),
    }
  }
}

function bodyOf(certificate: CtCertificate, kind: MessageBody, onIssuer?: OnIssuer): Uint8Array | undefined {
  if (kind === 'leaf') return encodeLeafBody(certificate, onIssuer)
  return Buffer.from(kind === 'json' ? jsonText(certificate) : JSON.stringify(certificate.toCertStream('full')))
}
