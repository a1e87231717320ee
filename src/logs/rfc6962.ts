import { CtStreamError } from '../errors.js'
import type { Transport } from '../http/transport.js'
import type { CompactRange } from '../merkle/compact-range.js'
import type { EntryBatch } from '../types/entries.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import { copyBytes, toBase64 } from '../util/bytes.js'
import type { Steps } from '../util/turns.js'
import { type LogKey, verifyHead } from '../wire/head-signature.js'
import { entryAndProofSteps, parseConsistencyAnswer, parseProofByHash } from '../wire/proof-answers.js'
import { parseGetSth } from '../wire/sth.js'
import type { LogClient, RequestOptions } from './client.js'
import { isUnsupported, LogHttp } from './log-http.js'
import { type EntryAndProof, type ProofByHash, rfc6962Frontier } from './rfc6962-frontier.js'

/**
 * Bounds on bodies: a head is 300 bytes, a proof 64 hashes. The largest entry there can be has 16 MiB of TBSCertificate in its leaf, and a
 * precertificate of 16 MiB and a chain of 1 MiB beside it: 44 MiB in base64. (The largest real ones have under 100 kB, pages 10 MB.)
 */
const MAX_HEAD_BYTES = 64 * 1024
const MAX_PROOF_BYTES = 64 * 1024
const MAX_ENTRY_BYTES = 48 * 1024 * 1024

export interface LogClientOptions {
  readonly log: LogInfo
  readonly key: LogKey
  /** Whether the signatures of heads are checked. Default `true`. */
  readonly verifyHeads?: boolean
  /** Not closed by the client: a stream's logs share one. */
  readonly transport: Transport
}

/** A log that speaks RFC 6962 section 4: it is asked for proofs. */
export class Rfc6962Client implements LogClient {
  readonly log: LogInfo
  readonly key: LogKey
  private readonly verifyHeads: boolean
  private readonly http: LogHttp
  /** Entries asked for at once: fewer after an answer that was too large, more again when that many came. */
  private atMost = Number.POSITIVE_INFINITY

  constructor({ log, key, verifyHeads = true, transport }: LogClientOptions) {
    this.log = log
    this.key = key
    this.verifyHeads = verifyHeads
    this.http = new LogHttp(transport, log.url)
  }

  async head(options: RequestOptions = {}): Promise<SignedHead> {
    return await this.ask('get-sth', options, MAX_HEAD_BYTES, (body) => {
      // A copy: decoding writes over it, and evidence of a wrong signature shows what was received.
      const head = parseGetSth(copyBytes(body))
      if (this.verifyHeads) verifyHead(head, this.key)
      return head
    })
  }

  async entries(start: number, end: number, options: RequestOptions = {}): Promise<EntryBatch> {
    const count = Math.min(end - start, this.atMost)
    // start:  0-based index of first entry to retrieve, in decimal.  end:  [...] of last entry
    const path = `ct/v1/get-entries?start=${start}&end=${start + count - 1}`
    const form = { kind: 'get-entries', start, count } as const
    try {
      const batch = await this.http.page(path, form, options, MAX_ENTRY_BYTES).catch((error: unknown) => {
        throw laggingReplica(error)
      })
      if (batch.length === this.atMost) this.atMost *= 2
      return batch
    } catch (error) {
      // A page of certificates with very many names, of a log that does not look at the size of its answers.
      if (CtStreamError.is(error) && error.code === 'CT_RESPONSE_TOO_LARGE') this.atMost = Math.ceil(count / 4)
      throw error
    }
  }

  async consistency(first: number, second: SignedHead, options: RequestOptions = {}): Promise<readonly Uint8Array[]> {
    // Both proofs are empty; a log answered the question with 400.
    if (first === 0 || first === second.treeSize) return []
    return await this.consistencyBetween(first, second.treeSize, options)
  }

  frontier(index: number, head: SignedHead, options: RequestOptions = {}): Promise<CompactRange> {
    return rfc6962Frontier(
      {
        consistency: (first, second) => this.consistencyBetween(first, second, options),
        entryAndProof: (at, treeSize) => this.entryAndProof(at, treeSize, options),
        proofByHash: (hash, treeSize) => this.proofByHash(hash, treeSize, options),
        entries: (start, end) => this.entries(start, end, options),
      },
      index,
      head,
    )
  }

  async inclusion(
    index: number,
    leafHash: Uint8Array,
    head: SignedHead,
    options: RequestOptions = {},
  ): Promise<readonly Uint8Array[]> {
    if (head.treeSize === 1) return []
    const byHash = await this.proofByHash(leafHash, head.treeSize, options).catch((error: unknown) => {
      if (!isUnsupported(error)) throw error
      return undefined
    })
    // The same leaf may be in the log twice, and the other one's proof is of no use here.
    if (byHash?.leafIndex === index) return byHash.auditPath
    return (await this.entryAndProof(index, head.treeSize, options)).auditPath
  }

  issuer(): Promise<Uint8Array> {
    const message = `${this.log.url}: an RFC 6962 log sends whole chains and serves no issuers by fingerprint`
    return Promise.reject(new CtStreamError('CT_OPTION_INVALID', message, { logId: this.log.id }))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  private consistencyBetween(first: number, second: number, options: RequestOptions): Promise<Uint8Array[]> {
    const path = `get-sth-consistency?first=${first}&second=${second}`
    return this.ask(path, options, MAX_PROOF_BYTES, parseConsistencyAnswer)
  }

  private proofByHash(leafHash: Uint8Array, treeSize: number, options: RequestOptions): Promise<ProofByHash> {
    const path = `get-proof-by-hash?hash=${encodeURIComponent(toBase64(leafHash))}&tree_size=${treeSize}`
    return this.ask(path, options, MAX_PROOF_BYTES, parseProofByHash)
  }

  private entryAndProof(index: number, treeSize: number, options: RequestOptions): Promise<EntryAndProof> {
    const path = `get-entry-and-proof?leaf_index=${index}&tree_size=${treeSize}`
    return this.askInTurns(path, options, entryAndProofSteps)
  }

  private async ask<T>(
    endpoint: string,
    options: RequestOptions,
    maxBytes: number,
    parse: (body: Uint8Array) => T,
  ): Promise<T> {
    const { path, body } = await this.get(endpoint, options, maxBytes)
    return this.http.parse(path, body, () => parse(body))
  }

  /** As {@link ask}, for answers that hold entries. */
  private async askInTurns<T>(
    endpoint: string,
    options: RequestOptions,
    steps: (body: Uint8Array) => Steps<T>,
  ): Promise<T> {
    const { path, body } = await this.get(endpoint, options, MAX_ENTRY_BYTES)
    return await this.http.parseInTurns(path, body, () => steps(body), options.signal)
  }

  private async get(endpoint: string, options: RequestOptions, maxBytes: number) {
    const path = `ct/v1/${endpoint}`
    const answer = await this.http.get(path, options, maxBytes).catch((error: unknown) => {
      throw laggingReplica(error)
    })
    return { path, ...answer }
  }
}

/**
 * A 400 that says "need tree size: 10 to get leaves but only got: 9" is a front end that has not caught up with the head
 * another one gave out.
 */
function laggingReplica(error: unknown): unknown {
  if (!CtStreamError.is(error) || error.status !== 400 || !/need tree size/i.test(error.message)) return error
  const { code, message, url, status, retryAfterMs, cause } = error
  return new CtStreamError(code, message, { url, status, retryAfterMs, cause, retryable: true })
}
