import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { TestTree } from '../../../src/testing/tree.js'
import type { LogKind, LogSpec, SignedHead } from '../../../src/types/log.js'
import { sha256 } from '../../../src/util/hash.js'
import { encodeMerkleLeaf } from '../../../src/wire/merkle-leaf.js'
import { treeHeadSignatureInput } from '../../../src/wire/sth.js'
import { encodeCheckpoint, encodeLeafIndex, encodeTileLeaf } from '../../support/wire.js'
import { type Loopback, loopback } from '../http/loopback.js'

/** What happens to the answer of a request: changed, or replaced by whatever is done to the response. */
export type Fault = (body: Buffer, path: string) => Buffer | ((response: ServerResponse) => void) | undefined

/** Which of the three clients it is for: a hybrid log serves RFC 6962 and full data tiles. */
export type Served = LogKind | 'hybrid'

const ISSUER = Buffer.from('an issuer certificate')
const ISSUER_HASH = sha256(ISSUER)

/**
 * A log on a loopback port, with leaves that are no certificates. It shares no code for trees with what is tested; a page
 * of get-entries ends at multiples of 32.
 */
export class StandInLog {
  readonly kind: Served
  readonly tree = new TestTree()
  readonly leaves: Uint8Array[] = []
  fault: Fault | undefined
  private readonly key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  private readonly spki = this.key.publicKey.export({ format: 'der', type: 'spki' })
  private head: SignedHead | undefined
  private server: Loopback | undefined

  static async start(kind: Served, entries: number): Promise<StandInLog> {
    const log = new StandInLog(kind)
    log.server = await loopback((request, response) => log.answer(request.url ?? '', response))
    log.grow(entries)
    return log
  }

  private constructor(kind: Served) {
    this.kind = kind
  }

  get url(): string {
    return `${this.server?.url}/log`
  }

  get spec(): LogSpec {
    const key = this.spki.toString('base64')
    if (this.kind === 'static-ct') return { kind: 'static-ct', monitoringUrl: this.url, submissionUrl: this.url, key }
    return { kind: 'rfc6962', url: this.url, key, ...(this.kind === 'hybrid' ? { tiles: this.url } : {}) }
  }

  /** What it serves by fingerprint. */
  get issuer(): Uint8Array | undefined {
    return this.kind === 'rfc6962' ? undefined : ISSUER
  }

  /** Paths asked for, without the prefix. */
  get asked(): string[] {
    return (this.server?.requests ?? []).map(({ path }) => path.replace('/log/', ''))
  }

  /** Adds entries up to `size` and signs a head of that size; of a smaller one when the tree is larger. */
  grow(size: number): SignedHead {
    while (this.leaves.length < size) {
      const index = this.leaves.length
      // Entries 40 and 41 are the same leaf, where a log can have such.
      const content = index === 41 && this.kind !== 'static-ct' ? 40 : index
      const leaf = encodeMerkleLeaf({
        timestamp: 1_700_000_000_000 + content,
        entry:
          content % 3 === 0
            ? { kind: 'x509', certificate: Buffer.from(`certificate ${content}`) }
            : { kind: 'precert', issuerKeyHash: ISSUER_HASH, tbsCertificate: Buffer.from(`tbs ${content}`) },
        extensions: this.kind === 'static-ct' ? encodeLeafIndex(index) : new Uint8Array(0),
      })
      this.leaves.push(leaf)
      this.tree.append(createHash('sha256').update(Buffer.of(0)).update(leaf).digest())
    }
    this.head = this.sign(size)
    return this.head
  }

  /** A signed head of any size the tree has had. */
  sign(treeSize: number, rootHash = Uint8Array.from(this.tree.root(treeSize))): SignedHead {
    const head = { treeSize, timestamp: 1_700_000_000_000 + treeSize, rootHash }
    const signature = sign('sha256', treeHeadSignatureInput(head), this.key.privateKey)
    const digitallySigned = Buffer.concat([Buffer.of(4, 3, 0, signature.length), signature])
    return { ...head, signature: Uint8Array.from(digitallySigned) }
  }

  async close(): Promise<void> {
    await this.server?.close()
  }

  private answer(url: string, response: ServerResponse): void {
    const path = url.replace(/^\/log\//, '')
    const answer = this.find(path)
    const faulty = this.fault?.(Buffer.from(answer.body), path)
    if (typeof faulty === 'function') faulty(response)
    else response.writeHead(answer.status).end(faulty ?? answer.body)
  }

  private find(path: string): { status: number; body: string | Uint8Array } {
    const { pathname, searchParams } = new URL(path, 'http://log/')
    const number = (name: string) => Number(searchParams.get(name))
    const isTile = pathname.startsWith('/tile/data/') || pathname.startsWith('/issuer/')
    const served = this.kind === 'static-ct' ? !pathname.startsWith('/ct/') : this.kind === 'hybrid' && isTile
    if (pathname.startsWith('/ct/v1/') && this.kind !== 'static-ct') {
      const json = this.rfc6962(pathname.slice('/ct/v1/'.length), number, searchParams.get('hash') ?? '')
      if (typeof json === 'string') return { status: 400, body: json }
      if (json !== undefined) return { status: 200, body: JSON.stringify(json) }
    }
    const body = served ? this.file(pathname) : undefined
    return body === undefined ? { status: 404, body: 'not here' } : { status: 200, body }
  }

  /** An answer, or the text of a 400. */
  private rfc6962(endpoint: string, number: (name: string) => number, hash: string): object | string | undefined {
    const { treeSize = 0, timestamp = 0, rootHash, signature } = this.head ?? {}
    const base64 = (bytes?: Uint8Array) => Buffer.from(bytes ?? []).toString('base64')
    if (endpoint === 'get-sth')
      return {
        tree_size: treeSize,
        timestamp,
        sha256_root_hash: base64(rootHash),
        tree_head_signature: base64(signature),
      }
    if (endpoint === 'get-entries') {
      const start = number('start')
      if (start >= treeSize) return `need tree size: ${start + 1} to get leaves but only got: ${treeSize}`
      const end = Math.min(number('end') + 1, treeSize, (Math.floor(start / 32) + 1) * 32)
      return { entries: this.leaves.slice(start, end).map((leaf) => ({ leaf_input: base64(leaf), extra_data: '' })) }
    }
    if (endpoint === 'get-sth-consistency') {
      const [first, second] = [number('first'), number('second')]
      if (first === 0 || first >= second || second > treeSize) return 'parameter first or second is wrong'
      return { consistency: this.tree.consistency(first, second).map(base64) }
    }
    if (endpoint === 'get-proof-by-hash') {
      const index = this.leaves.findIndex((_, i) => base64(this.tree.leafHash(i)) === hash)
      if (index < 0) return undefined
      return { leaf_index: index, audit_path: this.tree.inclusion(index, number('tree_size')).map(base64) }
    }
    if (endpoint === 'get-entry-and-proof') {
      const index = number('leaf_index')
      return {
        leaf_input: base64(this.leaves[index]),
        extra_data: '',
        audit_path: this.tree.inclusion(index, number('tree_size')).map(base64),
      }
    }
    return undefined
  }

  private file(pathname: string): Uint8Array | undefined {
    const { head } = this
    const origin = this.url.replace('http://', '')
    if (pathname === '/checkpoint') return head && encodeCheckpoint(origin, head, sha256(this.spki))
    if (pathname === `/issuer/${Buffer.from(ISSUER_HASH).toString('hex')}`) return ISSUER
    const match = /^\/tile\/(\d|data)\/([x\d/]+?)(?:\.p\/(\d+))?$/.exec(pathname)
    if (match === null) return undefined
    const [, level = '', name = '', partial] = match
    const index = Number(name.replaceAll(/[x/]/g, ''))
    const width = Number(partial ?? 256)
    const size = head?.treeSize ?? 0
    if (level !== 'data') {
      const served = index * 256 + width <= Math.floor(size / 256 ** Number(level))
      return served ? this.tree.tile(Number(level), index, width) : undefined
    }
    // A partial tile is gone as soon as the full one is there.
    const full = (index + 1) * 256 <= size
    if (partial === undefined ? !full : full || index * 256 + width > size || this.kind === 'hybrid') return undefined
    const leaves = this.leaves.slice(index * 256, index * 256 + width)
    return Buffer.concat(
      leaves.map((leafInput, i) =>
        encodeTileLeaf({
          leafInput,
          fingerprints: [ISSUER_HASH],
          ...((leafInput[11] ?? 0) === 1 ? { preCertificate: Buffer.from(`precert ${i}`) } : {}),
        }),
      ),
    )
  }
}
