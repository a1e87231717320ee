import { open } from 'node:fs/promises'
import { CtStreamError } from '../errors.js'

const PIECE = 256 * 1024

/**
 * The bytes of a file, of which there may be `maxBytes`: a device or a pipe has no size, and no end.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` when there are more; Node's error when it cannot be read. Rejects with
 * `signal.reason` when aborted.
 */
export async function readFileUpTo(path: string, maxBytes: number, signal?: AbortSignal): Promise<Uint8Array> {
  signal?.throwIfAborted()
  const file = await open(path, 'r')
  try {
    const pieces: Uint8Array[] = []
    let length = 0
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE), 0, PIECE)
      signal?.throwIfAborted()
      if (bytesRead === 0) return new Uint8Array(Buffer.concat(pieces))
      length += bytesRead
      if (length > maxBytes) throw new CtStreamError('CT_OPTION_INVALID', `${path} holds more than ${maxBytes} bytes`)
      pieces.push(buffer.subarray(0, bytesRead))
    }
  } finally {
    await file.close()
  }
}
