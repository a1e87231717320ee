// What a reader has seen, on disk before it asks for more: records of 8 bytes of the log id, u32 index, 8 bytes of the leaf hash.
import { openSync, writeSync } from 'node:fs'

export const RECORD = 20
const LOG = 8

export class Seen {
  constructor(path) {
    this.file = openSync(path, 'a')
  }

  add(certificates) {
    const records = Buffer.alloc(certificates.length * RECORD)
    certificates.forEach(({ log, index, leafHash }, i) => {
      records.set(Buffer.from(log.id, 'base64').subarray(0, LOG), i * RECORD)
      records.writeUInt32BE(index, i * RECORD + LOG)
      records.set(leafHash.subarray(0, 8), i * RECORD + LOG + 4)
    })
    writeSync(this.file, records)
  }
}

/** By log (hex of 8 bytes of its id): 8 bytes of leaf hash by index. */
export function seenIn(bytes) {
  const logs = new Map()
  for (let at = 0; at + RECORD <= bytes.length; at += RECORD) {
    const log = bytes.toString('hex', at, at + LOG)
    if (!logs.has(log)) logs.set(log, new Map())
    logs.get(log).set(bytes.readUInt32BE(at + LOG), bytes.toString('hex', at + LOG + 4, at + RECORD))
  }
  return logs
}

export const keyOf = (id) => Buffer.from(id, 'base64').subarray(0, LOG).toString('hex')
