import { gzipSync } from 'node:zlib'
import type { SignedHead } from '../types/log.js'
import type { Content } from './content.js'
import type { TestLogRequest } from './requests.js'
import { type StoredEntry, tileLeaf } from './stored-entry.js'

/** An answer for HTTP, its body before any compression. */
export interface Rendered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')

const json = (value: unknown, maxAge?: number): Rendered => rendered('application/json', JSON.stringify(value), maxAge)

const rendered = (contentType: string, body: string | Uint8Array, maxAge?: number): Rendered => ({
  status: 200,
  headers: {
    'content-type': contentType,
    ...(maxAge === undefined ? {} : { 'cache-control': `public, max-age=${maxAge}` }),
  },
  body: Buffer.from(body as Uint8Array),
})

/** @param checkpoint - Writes the signed note of a head. */
export function render(request: TestLogRequest, content: Content, checkpoint: (head: SignedHead) => string): Rendered {
  switch (content.kind) {
    case 'refusal':
      return {
        status: content.status,
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        body: Buffer.from(content.body),
      }
    case 'head':
      return request.endpoint === 'checkpoint'
        ? {
            status: 200,
            headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
            body: Buffer.from(checkpoint(content.head)),
          }
        : json({
            tree_size: content.head.treeSize,
            timestamp: content.head.timestamp,
            sha256_root_hash: base64(content.head.rootHash),
            tree_head_signature: base64(content.head.signature),
          })
    case 'entries':
      return request.endpoint === 'data-tile'
        ? immutable('application/octet-stream', Buffer.concat(content.entries.map(tileLeaf)))
        : rendered('application/json', entriesJson(content.entries), content.full ? 86_400 : 60)
    case 'proof':
      return json(proofJson(request, content), 86_400)
    case 'tile':
      return immutable('application/octet-stream', content.bytes)
    case 'certificates':
      return request.endpoint === 'issuer'
        ? immutable('application/pkix-cert', content.certificates[0] ?? Buffer.alloc(0))
        : json({ certificates: content.certificates.map(base64) })
  }
}

const immutable = (contentType: string, body: Uint8Array): Rendered => {
  const { status, headers, body: bytes } = rendered(contentType, body)
  return { status, body: bytes, headers: { ...headers, 'cache-control': 'public, max-age=604800, immutable' } }
}

// Built by hand, several times faster than JSON.stringify, because base64 never needs escaping.
const entriesJson = (entries: readonly StoredEntry[]): string =>
  `{"entries":[${entries
    .map((entry) => `{"leaf_input":"${base64(entry.leafInput())}","extra_data":"${base64(entry.extraData())}"}`)
    .join(',')}]}`

function proofJson(request: TestLogRequest, content: Content & { readonly kind: 'proof' }): unknown {
  const hashes = content.hashes.map(base64)
  if (request.endpoint === 'get-sth-consistency') return { consistency: hashes }
  if (content.entry === undefined) return { leaf_index: content.leafIndex, audit_path: hashes }
  return {
    leaf_input: base64(content.entry.leafInput()),
    extra_data: base64(content.entry.extraData()),
    audit_path: hashes,
  }
}

/** Level 1, because a benchmark's server should be cheap, and the level makes no difference to clients. */
export const compress = (answer: Rendered): Rendered => ({
  ...answer,
  headers: { ...answer.headers, 'content-encoding': 'gzip' },
  body: gzipSync(answer.body, { level: 1 }),
})

/** A cache of answers that never change, bounded in bytes; drops the least recently used first. */
export class RenderCache {
  private readonly maxBytes: number
  private readonly answers = new Map<string, Rendered>()
  private bytes = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  get(key: string): Rendered | undefined {
    const answer = this.answers.get(key)
    if (answer === undefined) return undefined
    this.answers.delete(key)
    this.answers.set(key, answer)
    return answer
  }

  set(key: string, answer: Rendered): void {
    this.bytes += answer.body.length - (this.answers.get(key)?.body.length ?? 0)
    this.answers.set(key, answer)
    for (const [oldest, { body }] of this.answers) {
      if (this.bytes <= this.maxBytes) return
      this.answers.delete(oldest)
      this.bytes -= body.length
    }
  }
}
