import { decodeEntry, type EntryContext } from '../decode/index.js'
import type { CtCertificate } from '../types/certificate.js'
import { cursorKey, encodeCursor } from './cursor.js'
import type { Delivery } from './delivery.js'
import type { Engine } from './engine.js'
import type { Lane } from './lane.js'

/**
 * One page being read: decodes its entries when the reader comes to them.
 *
 * The positions of all other logs are those at which this page was begun, and stay so while it is read; with them each
 * entry can make a cursor that covers the whole stream, at any later time.
 */
export class Run {
  readonly lane: Lane
  readonly delivery: Delivery
  /** Entries the reader is finished with. */
  acknowledged = 0
  private given = 0
  private readonly historical: EntryContext
  private readonly current: EntryContext

  constructor(engine: Engine, lane: Lane, delivery: Delivery) {
    this.lane = lane
    this.delivery = delivery
    const { log } = lane.session
    const positions = engine.positions()
    const key = cursorKey(log.id)
    this.current = {
      log,
      historical: false,
      cursor: (index) => encodeCursor(new Map(positions).set(key, index + 1)),
      issuer: (fingerprint) => engine.issuer(log.id, fingerprint),
    }
    this.historical = { ...this.current, historical: true }
  }

  /** The next entry of the page, if there is one. */
  next(): CtCertificate | undefined {
    const { batch, openedSize } = this.delivery
    if (this.given >= batch.length) return undefined
    const context = batch.start + this.given < openedSize ? this.historical : this.current
    return decodeEntry(batch.entry(this.given++), context)
  }

  /** All entries not yet given. */
  rest(): CtCertificate[] {
    const certificates: CtCertificate[] = []
    for (let next = this.next(); next !== undefined; next = this.next()) certificates.push(next)
    return certificates
  }

  /** Everything given is finished with. */
  acknowledge(): void {
    this.acknowledged = this.given
  }
}
