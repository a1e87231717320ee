import type { AcknowledgedSource } from '../../src/modules/index.js'
import type { CtCertificate } from '../../src/types/certificate.js'
import { Notifier } from '../../src/util/notifier.js'

/** A source as a `CtStream` with manual acknowledgement is one: pages as they are given, positions as they are acknowledged. */
export class PageSource implements AcknowledgedSource {
  readonly acknowledgement: 'manual' | 'automatic'
  /** Index of the first entry that is not acknowledged, by log id. */
  readonly positions = new Map<string, number>()
  /** Pages that were read. */
  read = 0
  isClosed = false
  private readonly pages: (readonly CtCertificate[])[]
  private readonly staysOpen: boolean
  private readonly changed = new Notifier()

  constructor(
    pages: readonly (readonly CtCertificate[])[],
    options: { readonly staysOpen?: boolean; readonly acknowledgement?: 'manual' | 'automatic' } = {},
  ) {
    this.pages = [...pages]
    this.staysOpen = options.staysOpen ?? false
    this.acknowledgement = options.acknowledgement ?? 'manual'
  }

  async *batches(): AsyncGenerator<readonly CtCertificate[]> {
    for (;;) {
      if (this.isClosed) return
      const page = this.pages[this.read]
      if (page !== undefined) {
        this.read++
        yield page
      } else if (this.staysOpen) await this.changed.wait()
      else return
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<CtCertificate> {
    for await (const page of this.batches()) yield* page
  }

  add(page: readonly CtCertificate[]): void {
    this.pages.push(page)
    this.changed.notify()
  }

  acknowledge({ log, index }: CtCertificate): void {
    if (this.isClosed) return
    this.positions.set(log.id, Math.max(this.positions.get(log.id) ?? 0, index + 1))
  }

  /** Index of the first entry of a log that is not acknowledged. */
  position(certificate: CtCertificate | undefined): number {
    return this.positions.get(certificate?.log.id ?? '') ?? 0
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.changed.notify()
  }
}

/** Arrays of `size`. */
export function pagesOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}
