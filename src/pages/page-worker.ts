// The program of a worker thread: requests pages of entries, locates and hashes the leaves, and hands each page over in shared memory.
import { parentPort, workerData } from 'node:worker_threads'
import { reusesConnections } from '../http/connection-reuse.js'
import { UndiciTransport } from '../http/undici-transport.js'
import { HASH_LENGTH, perfectRoot } from '../merkle/hash.js'
import { recordOf } from '../threads/error-record.js'
import type { Ready } from '../threads/worker-thread.js'
import { quietController } from '../util/abort.js'
import { BufferPool } from '../util/buffer-pool.js'
import { copyInto, isShared, plain } from '../util/bytes.js'
import { VERSION } from '../version.js'
import { hashLeaves } from '../wire/leaf-batch.js'
import { reading, tableOf } from './fetch-page.js'
import type { FromWorker, ToWorker, WorkerSetup } from './messages.js'

/** Bytes received between two progress messages: one for each piece would cost more than receiving the piece. */
const PROGRESS_BYTES = 256 * 1024

const sharedMemory = (length: number): Buffer => Buffer.from(new SharedArrayBuffer(length))

const { userAgent, connections } = workerData as WorkerSetup
const pool = new BufferPool(sharedMemory)
const transport = new UndiciTransport({
  connections,
  keepAlive: reusesConnections,
  pool,
  ...(userAgent !== undefined && { userAgent }),
})
/** Pending requests by number. */
const underWay = new Map<number, AbortController>()
/** Releases the memory of pages that the other thread reads, by number. */
const lent = new Map<number, (() => void) | undefined>()

const tell = (message: FromWorker | Ready, moved: ArrayBuffer[] = []) => parentPort?.postMessage(message, moved)

parentPort?.on('message', (message: ToWorker) => {
  const { number } = message
  if (message.kind === 'page') void serve(message)
  else if (message.kind === 'abort') underWay.get(number)?.abort(new Error('nobody waits for the page'))
  else {
    lent.get(number)?.()
    lent.delete(number)
  }
})
tell({ kind: 'ready', version: VERSION })

async function serve({ number, url, form, options }: ToWorker & { kind: 'page' }): Promise<void> {
  const controller = quietController()
  const { signal } = controller
  underWay.set(number, controller)
  let told = 0
  const onBytes = (held: number) => {
    if (held !== 0 && Math.abs(held - told) < PROGRESS_BYTES) return
    told = held
    tell({ kind: 'bytes', number, held })
  }
  try {
    const answer = await transport.get(url, {
      ...{ ...options, signal, onBytes },
      onReceived: () => tell({ kind: 'received', number }),
    })
    const { table, release, hashes } = await reading(url, answer.body, signal, function* () {
      const fetched = yield* tableOf(answer, form, pool)
      return { ...fetched, hashes: yield* hashLeaves(fetched.table) }
    })
    const { places } = table
    lent.set(number, release)
    const root = subtreeRoot(form.start, hashes)
    tell({ kind: 'page', number, bytes: shared(table.bytes), places, hashes, root }, [
      places.buffer as ArrayBuffer,
      hashes.buffer as ArrayBuffer,
    ])
  } catch (error) {
    tell({ kind: 'error', number, error: recordOf(error) })
  } finally {
    underWay.delete(number)
  }
}

/** The root of the leaves if they are a complete subtree: a power of two of them, at a multiple of that number. */
function subtreeRoot(start: number, hashes: Uint8Array): Uint8Array | undefined {
  const count = hashes.length / HASH_LENGTH
  return (count & (count - 1)) === 0 && start % count === 0 ? perfectRoot(hashes) : undefined
}

/** The bytes in shared memory: copies small bodies, which are not in the pool's. */
function shared(bytes: Uint8Array): Uint8Array {
  if (isShared(bytes)) return bytes
  const copy = sharedMemory(bytes.length)
  copyInto(copy, 0, bytes)
  return plain(copy)
}
