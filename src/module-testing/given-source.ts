import type { AcknowledgedSource } from '../modules/source.js'
import type { CtCertificate } from '../types/certificate.js'
import { Notifier } from '../util/notifier.js'

/** A source of what it is given, which tells when modules are finished with it. */
export class GivenSource implements AcknowledgedSource {
  readonly acknowledgement = 'manual'
  private readonly waiting: (readonly CtCertificate[])[] = []
  /** Given and not acknowledged, by log id. */
  private readonly unfinished = new Map<string, CtCertificate[]>()
  private isEnded = false
  private readonly changed = new Notifier()

  give(page: readonly CtCertificate[]): void {
    for (const certificate of page) {
      const { id } = certificate.log
      const ofLog = this.unfinished.get(id) ?? []
      ofLog.push(certificate)
      this.unfinished.set(id, ofLog)
    }
    this.waiting.push(page)
    this.changed.notify()
  }

  /** Nothing more is given. */
  end(): void {
    this.isEnded = true
    this.changed.notify()
  }

  /** Resolves when everything that was given is acknowledged. */
  async finished(): Promise<void> {
    while ([...this.unfinished.values()].some(({ length }) => length > 0)) await this.changed.wait()
  }

  async *batches(): AsyncGenerator<readonly CtCertificate[]> {
    for (;;) {
      const page = this.waiting.shift()
      if (page !== undefined) yield page
      else if (this.isEnded) return
      else await this.changed.wait()
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<CtCertificate> {
    for await (const page of this.batches()) yield* page
  }

  acknowledge(certificate: CtCertificate): void {
    const given = this.unfinished.get(certificate.log.id) ?? []
    given.splice(0, given.indexOf(certificate) + 1)
    this.changed.notify()
  }

  async close(): Promise<void> {
    this.end()
  }
}
