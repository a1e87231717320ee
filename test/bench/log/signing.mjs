import { generateKeyPairSync, hash, sign } from 'node:crypto'

/** A log's P-256 key, and the two ways in which it signs a head. */
export class LogSigner {
  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.privateKey = privateKey
    this.spki = publicKey.export({ type: 'spki', format: 'der' })
    this.logId = hash('sha256', this.spki, 'buffer')
  }

  /** DigitallySigned over a TreeHeadSignature (RFC 6962 section 3.5). */
  signHead({ timestamp, treeSize, root }) {
    const body = Buffer.concat([Buffer.of(0, 1), u64(timestamp), u64(treeSize), root])
    const signature = sign('sha256', body, this.privateKey)
    return Buffer.concat([Buffer.of(4, 3, 0, signature.length), signature])
  }

  sth(head) {
    return JSON.stringify({
      tree_size: head.treeSize,
      timestamp: head.timestamp,
      sha256_root_hash: head.root.toString('base64'),
      tree_head_signature: this.signHead(head).toString('base64'),
    })
  }

  /** A checkpoint with one RFC6962NoteSignature (C2SP static-ct-api). */
  checkpoint(head, origin) {
    const keyId = hash('sha256', Buffer.concat([Buffer.from(`${origin}\n\x05`), this.logId]), 'buffer').subarray(0, 4)
    const signature = Buffer.concat([keyId, u64(head.timestamp), this.signHead(head)]).toString('base64')
    return `${origin}\n${head.treeSize}\n${head.root.toString('base64')}\n\n\u2014 ${origin} ${signature}\n`
  }
}

function u64(value) {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}
