import { createGunzip, type Gunzip, gunzip } from 'node:zlib'
import type { BufferPool } from '../util/buffer-pool.js'
import { concatBytes, plain } from '../util/bytes.js'

/** An unpacked body. */
export interface Unpacked {
  readonly bytes: Uint8Array
  /** Returns the memory, once nothing refers to the bytes any more. `undefined` when it is not from a pool. */
  readonly release?: () => void
}

/** A shorter body gets memory of its own. */
const SMALL = 64 * 1024

/**
 * Unpacks a gzip body on the thread pool, which stops at the bound and produces nothing beyond it.
 *
 * @param most - Most bytes to unpack.
 * @returns `undefined` when there are more. Rejects with zlib's error for a body that is not gzip.
 */
export function gunzipUpTo(body: Uint8Array, most: number, pool: BufferPool): Promise<Unpacked | undefined> {
  return most <= SMALL ? gunzipSmall(body, most) : gunzipInto(body, most, pool)
}

function gunzipSmall(body: Uint8Array, most: number): Promise<Unpacked | undefined> {
  return new Promise((resolve, reject) => {
    // One output buffer of the right size: nothing to join, and one task for the thread pool instead of one per piece.
    gunzip(body, { chunkSize: Math.max(most + 1, 64), maxOutputLength: most }, (error, result) => {
      if (error === null) resolve({ bytes: plain(result) })
      else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') resolve(undefined)
      else reject(error)
    })
  })
}

/**
 * Unpacks into memory of the pool. Node would allocate memory for each body, a megabyte for a data tile. Beside the page faults this
 * costs garbage collections: V8 counts bytes outside its heap, and marks the whole heap after every 30 MB.
 *
 * zlib has no option for its output buffer, only an undocumented field that has existed since Node 0.10. Where that is missing or has no
 * effect, the pieces lie elsewhere and are joined.
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
      // zlib may still write to this memory, here and after an error: it goes to the garbage collector, not to the pool.
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

/** Whether the pieces follow one another from the start of `memory`. */
function isIn(memory: Buffer, pieces: readonly Buffer[]): boolean {
  let at = memory.byteOffset
  for (const { buffer, byteOffset, length } of pieces) {
    if (buffer !== memory.buffer || byteOffset !== at) return false
    at += length
  }
  return true
}
