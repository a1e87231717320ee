import type { CtCertificate } from '../types/certificate.js'
import type { Finding } from '../types/finding.js'
import { Notifier } from '../util/notifier.js'
import type { Ticket } from './acknowledger.js'

/** A batch of certificates, shared by the queues of several modules. */
export interface Page {
  readonly certificates: readonly CtCertificate[]
  readonly ticket: Ticket
  /** Average bytes of one certificate. */
  readonly bytesEach: number
}

/** A finding on its way, with the certificate it is about. */
export interface FindingItem {
  readonly finding: Finding
  readonly certificate: CtCertificate
  readonly ticket: Ticket
  readonly bytes: number
}

/** Work for one call of a handler. */
export type Work =
  | { readonly kind: 'certificate'; readonly certificate: CtCertificate; readonly from: QueuedPage }
  | { readonly kind: 'batch'; readonly from: QueuedPage }
  | { readonly kind: 'findings'; readonly items: readonly FindingItem[] }

/** Certificates of one page for one call. */
export type Batch = Extract<Work, { kind: 'batch' }>

/** Findings for one call. */
export type Findings = Extract<Work, { kind: 'findings' }>

/** Certificates or findings of some work that are not finished. */
export function sizeOf(work: Work): number {
  if (work.kind === 'certificate') return 1
  return work.kind === 'batch' ? work.from.page.certificates.length : work.items.length
}

/** A page in one module's queue. */
interface QueuedPage {
  readonly page: Page
  /** Index of the next certificate to take, when they are taken one by one. */
  next: number
  /** Number of unfinished certificates. */
  left: number
}

export interface QueueOptions {
  readonly maxEntries: number
  readonly maxBytes: number
  /** Whether certificates are taken page by page, and how many findings at once. */
  readonly byPage: boolean
  readonly maxFindings: number
  /** Whether acknowledgement waits for this queue. */
  readonly holdsTickets: boolean
}

/**
 * The work that waits for one module or is in progress, in order of arrival.
 *
 * The bound is checked before more work is fetched; adding never fails, since a fetched page has to go somewhere. So the queue exceeds its
 * bound by at most one page, or by the findings of one call.
 */
export class ModuleQueue {
  private readonly options: QueueOptions
  private items: (QueuedPage | FindingItem)[] = []
  private first = 0
  private heldEntries = 0
  private heldBytes = 0
  private readonly changed = new Notifier()

  constructor(options: QueueOptions) {
    this.options = options
  }

  /** Certificates and findings waiting or in progress. */
  get entries(): number {
    return this.heldEntries
  }

  /** Estimated. Averages of pages are added and taken away: what is left of rounding is nothing. */
  get bytes(): number {
    return Math.round(this.heldBytes) + 0
  }

  get hasRoom(): boolean {
    return this.heldEntries < this.options.maxEntries && this.heldBytes < this.options.maxBytes
  }

  /** Resolves when something was added or finished, or `wake()` was called. */
  change(): Promise<void> {
    return this.changed.wait()
  }

  wake(): void {
    this.changed.notify()
  }

  addPage(page: Page): void {
    if (this.options.holdsTickets) page.ticket.hold()
    this.items.push({ page, next: 0, left: page.certificates.length })
    this.grow(page.certificates.length, page.certificates.length * page.bytesEach)
  }

  addFinding(item: FindingItem): void {
    if (this.options.holdsTickets) item.ticket.hold()
    this.items.push(item)
    this.grow(1, item.bytes)
  }

  /** The next work; `undefined` when nothing waits. */
  take(): Work | undefined {
    const item = this.items[this.first]
    if (item === undefined) return undefined
    if (!('page' in item)) return { kind: 'findings', items: this.takeFindings() }
    if (this.options.byPage) {
      this.shift()
      return { kind: 'batch', from: item }
    }
    const certificate = item.page.certificates[item.next++] as CtCertificate
    if (item.next === item.page.certificates.length) this.shift()
    return { kind: 'certificate', certificate, from: item }
  }

  /** Called when the module has finished some work. */
  finish(work: Work): void {
    if (work.kind === 'findings') {
      for (const { bytes, ticket } of work.items) {
        this.grow(-1, -bytes)
        if (this.options.holdsTickets) ticket.release()
      }
      return
    }
    const { from } = work
    const count = work.kind === 'batch' ? from.left : 1
    from.left -= count
    this.grow(-count, -count * from.page.bytesEach)
    if (from.left === 0 && this.options.holdsTickets) from.page.ticket.release()
  }

  /**
   * Splits a batch in progress around one certificate, so that each part is finished by itself.
   *
   * @returns Those before it, it alone, and those behind it; the first and the last may be empty.
   */
  split({ from }: Batch, at: number): { readonly before: Batch; readonly one: Work; readonly behind: Batch } {
    const { page } = from
    const part = (start: number, end?: number): Batch => {
      const certificates = page.certificates.slice(start, end)
      return { kind: 'batch', from: { page: { ...page, certificates }, next: 0, left: certificates.length } }
    }
    // Each part releases the ticket; the batch holds it once.
    if (this.options.holdsTickets) for (let parts = 1; parts < 3; parts++) page.ticket.hold()
    const alone = part(at, at + 1)
    return {
      before: part(0, at),
      one: { kind: 'certificate', certificate: page.certificates[at] as CtCertificate, from: alone.from },
      behind: part(at + 1),
    }
  }

  /** Drops all waiting work, as if it were finished. Returns how much it was. */
  discard(): number {
    const before = this.heldEntries
    for (let work = this.take(); work !== undefined; work = this.take()) this.finish(work)
    return before - this.heldEntries
  }

  private takeFindings(): FindingItem[] {
    const taken: FindingItem[] = []
    for (let item = this.items[this.first]; item !== undefined && !('page' in item); item = this.items[this.first]) {
      taken.push(item)
      this.shift()
      if (taken.length === this.options.maxFindings) break
    }
    return taken
  }

  private shift(): void {
    this.items[this.first++] = undefined as never
    // Compacts only when half is empty, so that each item moves once on average.
    if (this.first > 64 && this.first * 2 > this.items.length) {
      this.items = this.items.slice(this.first)
      this.first = 0
    }
  }

  private grow(entries: number, bytes: number): void {
    this.heldEntries += entries
    this.heldBytes += bytes
    this.changed.notify()
  }
}
