import type { EntryExtra } from '../types/entries.js'
import { DecodedEntry } from './decoded-entry.js'
import type { EntryContext } from './entry-context.js'
import type { EntryFields } from './entry-fields.js'
import type { OpenedLeaf } from './open-leaf.js'

/** A server's description of an entry, without its bytes. */
export interface ToldCertificate {
  readonly kind: 'certificate' | 'precertificate'
  readonly index: number
  /** Epoch milliseconds that a `Date` can hold; `undefined` when unknown. */
  readonly timestamp: number | undefined
  /** `undefined`: nothing was told, as of an entry that the server could not read. Such an entry is `unparsable`. */
  readonly fields: EntryFields | undefined
  /** Fingerprints in lower-case hex, from the message. */
  readonly sha1: string | undefined
  readonly sha256: string | undefined
}

const noBytes = new Uint8Array(0)
const noExtra: EntryExtra = {
  preCertificate: () => undefined,
  chain: () => ({ kind: 'certificates', certificates: [] }),
}

/** An entry without its bytes: its fields come from a message; `der`, `tbs`, `leafHash` and hashes of them are absent. */
export class ToldEntry extends DecodedEntry {
  private readonly told: ToldCertificate

  constructor(told: ToldCertificate, context: EntryContext) {
    super({ index: told.index, leafInput: noBytes, extra: noExtra }, context, noBytes)
    this.told = told
    if (told.fields === undefined)
      this.found.add('leafInput', 'leaf-malformed', 'the server says nothing of the certificate in this entry')
  }

  override get leafHash(): Uint8Array {
    return noBytes
  }

  override get der(): undefined {
    return undefined
  }

  override get sha1(): string | undefined {
    return this.told.sha1
  }

  override get sha256(): string | undefined {
    return this.told.sha256
  }

  protected override get leaf(): OpenedLeaf {
    const { timestamp, fields } = this.told
    const kind = fields === undefined ? 'unparsable' : this.told.kind
    return { kind, timestamp, fields, certificate: undefined, tbsCertificate: undefined, issuerKeyHash: undefined }
  }
}
