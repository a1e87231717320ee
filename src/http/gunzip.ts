import { createGunzip, type Gunzip, gunzip } from 'node:zlib'
import type { BufferPool } from '../util/buffer-pool.js'
import { concatBytes, plain } from '../util/bytes.js'

/** Bytes that were unpacked. */
export interface Unpacked {
  readonly bytes: Uint8Array
  /** Gives their memory back, when nothing refers to them any more. `undefined` where it is nobody's to use again. */
  readonly release?: () => void
}

/** What is shorter is not worth memory of the pool. */
const SMALL = 64 * 1024

/**
 * Unpacks a gzip body on the thread pool, which stops at the bound: what lies beyond it is never made.
 *
 * @param most - Bytes that it may unpack to.
 * @returns `undefined` when it unpacks to more. Rejects with the error of zlib for what is not gzip.
 */
export function gunzipUpTo(body: Uint8Array, most: number, pool: BufferPool): Promise<Unpacked | undefined> {
  return most <= SMALL ? gunzipSmall(body, most) : gunzipInto(body, most, pool)
}

function gunzipSmall(body: Uint8Array, most: number): Promise<Unpacked | undefined> {
  return new Promise((resolve, reject) => {
    // One output buffer of the right size: no joining, and one trip to the thread pool instead of one per piece.
    gunzip(body, { chunkSize: Math.max(most + 1, 64), maxOutputLength: most }, (error, result) => {
      if (error === null) resolve({ bytes: plain(result) })
      else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') resolve(undefined)
      else reject(error)
    })
  })
}

/**
 * Unpacks into memory of the pool. Node makes memory of its own for each body, a megabyte for a data tile, which costs more than the
 * page faults: V8 is told of every byte outside its heap, and marks all of the heap whenever there are 30 MB more.
 *
 * zlib has no option for it, only a field that has been there since Node 0.10. Where it is missing or not heeded, the pieces are
 * elsewhere, and are joined.
 */
function gunzipInto(body: Uint8Array, most: number, pool: BufferPool): Promise<Unpacked | undefined> {
  const memory = pool.take(most + 1)
  return new Promise((resolve, reject) => {
    const unzip = createGunzip({ chunkSize: SMALL })
    direct(unzip, memory.subarray(0, most + 1))
    const pieces: Buffer[] = []
    let length = 0
    unzip.on('data', (piece: Buffer) => {
      pieces.push(piece)
      length += piece.length
      if (length <= most) return
      // Memory that zlib may still write to is left to the garbage collector, here and after an error.
      unzip.close()
      resolve(undefined)
    })
    unzip.on('error', reject)
    unzip.on('end', () => {
      unzip.close()
      if (isIn(memory, pieces)) resolve({ bytes: plain(memory.subarray(0, length)), release: () => pool.give(memory) })
      else {
        pool.give(memory)
        resolve({ bytes: concatBytes(pieces) })
      }
    })
    unzip.end(body)
  })
}

function direct(unzip: Gunzip, memory: Buffer): void {
  const fields = unzip as unknown as { _outBuffer?: unknown; _outOffset?: unknown; _chunkSize?: unknown }
  if (!Buffer.isBuffer(fields._outBuffer) || fields._outOffset !== 0 || fields._chunkSize !== SMALL) return
  fields._outBuffer = memory
  fields._chunkSize = memory.length
}

/** Whether the pieces are one behind the other at the beginning of `memory`. */
function isIn(memory: Buffer, pieces: readonly Buffer[]): boolean {
  let at = memory.byteOffset
  for (const { buffer, byteOffset, length } of pieces) {
    if (buffer !== memory.buffer || byteOffset !== at) return false
    at += length
  }
  return true
}
