import { bufferOf, toHex } from '../util/bytes.js'
import { MAX_ISSUER_BYTES } from '../wire/chain-bounds.js'
import type { NewRecord } from './fenced-producer.js'

/** Issuers that are remembered as written, so that they are not written again. */
const REMEMBERED = 10_000

/** Issuers that entries name and their topic may not have: what a sink has to write before those entries. */
export class NewIssuers {
  private readonly topic: string
  /** By hex fingerprint. */
  private readonly waiting = new Map<string, Uint8Array>()
  private readonly written = new Set<string>()
  /** Fingerprints that were added before: issuers that stand in most chains have the same object each time. */
  private seen = new WeakSet<Uint8Array>()

  /** @param topic - As `issuersTopic` names it. */
  constructor(topic: string) {
    this.topic = topic
  }

  /** @param der - Copied. */
  add(fingerprint: Uint8Array, der: Uint8Array): void {
    if (this.seen.has(fingerprint)) return
    this.seen.add(fingerprint)
    this.addNamed(toHex(fingerprint), der)
  }

  /** @param name - Lower-case hex of its SHA-256. @param der - Copied. */
  addNamed(name: string, der: Uint8Array): void {
    // A broker takes no record of a megabyte, and real ones have 1 to 3 kB.
    if (der.length <= MAX_ISSUER_BYTES && !this.written.has(name)) this.waiting.set(name, der.slice())
  }

  /** What is to be written. */
  records(): readonly NewRecord[] {
    const { topic } = this
    return [...this.waiting].map(([name, der]) => ({
      topic,
      partition: 0,
      key: Buffer.from(name),
      value: bufferOf(der),
    }))
  }

  /** What {@link records} returned is committed. */
  stored(records: readonly NewRecord[]): void {
    if (this.written.size > REMEMBERED) this.forget()
    for (const { key } of records) {
      this.written.add(key.toString())
      this.waiting.delete(key.toString())
    }
  }

  /** The broker may have lost what was written: each is written again when an entry names it. */
  forget(): void {
    this.written.clear()
    this.seen = new WeakSet()
  }
}
