import type { CtCertificate } from '../types/certificate.js'

/** A batch of certificates of one log that some module has not finished. */
export interface Ticket {
  /** Adds a holder that must finish too. Only while another holder has not finished. */
  hold(): void
  /** Removes a holder that has finished. */
  release(): void
}

/** For certificates that are not waited for. */
export const NO_TICKET: Ticket = { hold: () => {}, release: () => {} }

/**
 * Acknowledges certificates when all holders have finished, in the order of each log: an acknowledgement covers everything of its log up
 * to a certificate, so it waits for all earlier batches.
 */
export class Acknowledger {
  private readonly acknowledge: (certificate: CtCertificate) => void
  private readonly logs = new Map<string, OpenTicket[]>()

  constructor(acknowledge: (certificate: CtCertificate) => void) {
    this.acknowledge = acknowledge
  }

  /** Entries of all logs that are not acknowledged yet. */
  get unfinished(): number {
    let count = 0
    for (const tickets of this.logs.values()) for (const { size } of tickets) count += size
    return count
  }

  /** @param certificates - At least one, of one log, after all earlier ones. Starts with one holder: release it after handing them out. */
  open(certificates: readonly CtCertificate[]): Ticket {
    const last = certificates.at(-1) as CtCertificate
    const tickets = this.logs.get(last.log.id) ?? []
    this.logs.set(last.log.id, tickets)
    const ticket = new OpenTicket(last, certificates.length, () => this.settle(last.log.id, tickets))
    tickets.push(ticket)
    return ticket
  }

  private settle(logId: string, tickets: OpenTicket[]): void {
    const open = tickets.findIndex(({ isFinished }) => !isFinished)
    const finished = tickets.splice(0, open < 0 ? tickets.length : open)
    if (tickets.length === 0) this.logs.delete(logId)
    // Each one, not only the last: a source may repeat an old entry among new ones.
    for (const { last } of finished) this.acknowledge(last)
  }
}

class OpenTicket implements Ticket {
  readonly last: CtCertificate
  readonly size: number
  private holders = 1
  private readonly onFinish: () => void

  constructor(last: CtCertificate, size: number, onFinish: () => void) {
    this.last = last
    this.size = size
    this.onFinish = onFinish
  }

  get isFinished(): boolean {
    return this.holders === 0
  }

  hold(): void {
    this.holders++
  }

  release(): void {
    this.holders--
    if (this.holders === 0) this.onFinish()
  }
}
