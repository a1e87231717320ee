/** How messages are framed on a connection. */
export type Framing = 'websocket' | 'sse'

/** One message framed, ready to write. */
export function framed(framing: Framing, message: Buffer, id: string): Buffer {
  return Buffer.concat(frameOf(framing, message, id))
}

/** Like {@link framed}, in pieces to concatenate. */
export function frameOf(framing: Framing, message: Buffer, id: string): readonly Buffer[] {
  if (framing === 'sse') return [Buffer.from(`id: ${id}\ndata: `), message, Buffer.from('\n\n')]
  return [frameHeader(message.length), message]
}

/**
 * RFC 6455 section 5.2: a text frame, final, not masked. Made here rather than by `ws`, so that one buffer with the frames of a whole page can
 * be written to every client.
 */
function frameHeader(length: number): Buffer {
  if (length < 126) return Buffer.of(0x81, length)
  if (length < 65_536) return Buffer.of(0x81, 126, length >> 8, length & 0xff)
  const header = Buffer.alloc(10)
  header[0] = 0x81
  header[1] = 127
  header.writeUIntBE(length, 4, 6)
  return header
}
