import type { CtCertificate } from '../types/certificate.js'

/** Certificates that came together, of one log, while somebody is not finished with them. */
export interface Ticket {
  /** One more who must be finished. Only while somebody is not. */
  hold(): void
  /** One of them is finished. */
  release(): void
}

/** For what nobody waits for. */
export const NO_TICKET: Ticket = { hold: () => {}, release: () => {} }

/**
 * Acknowledges certificates when all who hold them are finished, in the order of each log: an acknowledgement stands for everything of
 * its log up to a certificate, so it waits for all that came before.
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

  /** @param certificates - At least one, all of one log, later than all before. Held once: release it when they are handed out. */
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
    // Each: a source may have given an old entry once more among the new ones.
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
