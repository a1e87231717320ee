import { createHash } from 'node:crypto'
import { CtStreamError } from '../../src/errors.js'
import type { LogClient } from '../../src/logs/client.js'
import type { EntryBatch } from '../../src/types/entries.js'
import type { LogInfo } from '../../src/types/log.js'

export const LOG: LogInfo = {
  id: Buffer.alloc(32, 7).toString('base64'),
  description: 'test log',
  operator: 'tests',
  kind: 'rfc6962',
  url: 'https://log.example.net/',
}

/** A batch over leaves made up from their index; as those of a log, not to be read when it was released. */
export function batchOf(start: number, length: number, leaf = leafOf, bytesPerEntry = 100): EntryBatch {
  let released = false
  let hashes: Uint8Array | undefined
  const read = (i: number) => {
    if (released) throw new CtStreamError('CT_CLOSED', `the page of entry ${start} is read after it was released`)
    return leaf(start + i)
  }
  const hash = (i: number) => createHash('sha256').update('\0').update(read(i)).digest()
  return {
    start,
    length,
    pageLength: length,
    byteLength: length * bytesPerEntry,
    leafInput: read,
    leafHashes: () => {
      hashes ??= Buffer.concat(Array.from({ length }, (_, i) => hash(i)))
      return hashes
    },
    entry: (i) => ({
      index: start + i,
      leafInput: read(i),
      extra: { preCertificate: () => undefined, chain: () => ({ kind: 'certificates', certificates: [] }) },
    }),
    only: (from, to) => batchOf(start + from, to - from, leaf, bytesPerEntry),
    release: () => {
      released = true
    },
  }
}

/** `MerkleTreeLeaf`-shaped bytes: v1, timestamped entry, timestamp = index, then the index as text. */
export function leafOf(index: number): Uint8Array {
  const leaf = Buffer.alloc(12 + 16)
  leaf.writeBigUInt64BE(BigInt(index), 2)
  leaf.write(String(index), 12)
  return leaf
}

const unsupported = () => Promise.reject(new CtStreamError('CT_HTTP_STATUS', 'not served', { status: 404 }))

/** A `LogClient` that answers from functions; what is not given is not served. */
export function stubClient(methods: Partial<LogClient>): LogClient {
  return {
    log: LOG,
    head: unsupported,
    entries: unsupported,
    consistency: unsupported,
    frontier: unsupported,
    inclusion: unsupported,
    issuer: unsupported,
    close: () => Promise.resolve(),
    ...methods,
  }
}
