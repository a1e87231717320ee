import { constants, write as writeSome } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { Writable } from 'node:stream'
import { writeAll } from '../../util/write-all.js'
import type { CliOutput } from '../io.js'

/**
 * An output into a regular file, in place of `process.stdout`, which takes the first, short write to a disk that fills up for a whole
 * one. What was written of a page that failed stays in the file: others may write to it, too, and those who follow a file take one that
 * shrinks for a new one. The next run begins a line of its own.
 *
 * @param descriptor - Of the file.
 */
export function fileOutput(descriptor: number, write = writerOf(descriptor)): CliOutput {
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      writeAll(chunk, write).then(() => done(), done)
    },
  })
  return Object.assign(stream, { isInLine: () => isInLine(descriptor) })
}

function writerOf(descriptor: number): (bytes: Uint8Array) => Promise<number> {
  return (bytes) =>
    new Promise((resolve, reject) => {
      writeSome(descriptor, bytes, (error, taken) => (error === null ? resolve(taken) : reject(error)))
    })
}

/** Whether what is written next continues a line. `false` where that cannot be told: only Linux says where a descriptor writes. */
async function isInLine(descriptor: number): Promise<boolean> {
  try {
    const info = await readFile(`/proc/self/fdinfo/${descriptor}`, 'utf8')
    const flags = Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? '', 8)
    const position = Number(/^pos:\s*(\d+)$/m.exec(info)?.[1])
    // The descriptor itself may be for writing only.
    const file = await open(`/proc/self/fd/${descriptor}`, 'r')
    try {
      const end = (flags & constants.O_APPEND) === 0 ? position : (await file.stat()).size
      const last = Buffer.alloc(1)
      if (!(end > 0) || (await file.read(last, 0, 1, end - 1)).bytesRead === 0) return false
      return last[0] !== 0x0a
    } finally {
      await file.close()
    }
  } catch {
    return false
  }
}
