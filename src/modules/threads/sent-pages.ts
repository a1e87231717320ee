import type { CtCertificate } from '../../types/certificate.js'
import type { BufferPool } from '../../util/buffer-pool.js'
import type { SharedPage } from './messages.js'
import { writePage } from './page-bytes.js'

/** Most pages that a thread keeps for modules that have not asked for them yet. */
const MOST = 8
const MOST_BYTES = 16 * 1024 * 1024

interface Sent {
  readonly page: number
  readonly memory: Buffer
  /** Modules that have not asked for it. */
  left: number
  /** Modules that read it now. */
  readers: number
  isForgotten: boolean
}

/** A page as one module asks for it. */
export interface AskedPage {
  readonly page: number
  /** Unless the thread has it. */
  readonly bytes: SharedPage | undefined
  /** Whether the thread can forget it. */
  readonly isLast: boolean
  /** Called when the module has finished it. */
  readonly release: () => void
}

/** The pages that a thread has: each is written once for all its modules. */
export class SentPages {
  private readonly sent = new Map<readonly CtCertificate[], Sent>()
  private readonly modules: () => number
  private readonly pool: BufferPool
  private readonly forget: (pages: readonly number[]) => void
  private last = 0
  private bytes = 0

  /**
   * @param modules - How many modules ask for each page.
   * @param forget - Called with pages that the thread should forget.
   */
  constructor(modules: () => number, pool: BufferPool, forget: (pages: readonly number[]) => void) {
    this.modules = modules
    this.pool = pool
    this.forget = forget
  }

  ask(certificates: readonly CtCertificate[]): AskedPage {
    const known = this.sent.get(certificates)
    if (known !== undefined) return this.asked(certificates, known, undefined)
    const [bytes, memory] = writePage(certificates, this.pool)
    const sent = { page: ++this.last, memory, left: this.modules(), readers: 0, isForgotten: false }
    this.sent.set(certificates, sent)
    this.bytes += memory.length
    const asked = this.asked(certificates, sent, bytes)
    this.forgetOld()
    return asked
  }

  private asked(certificates: readonly CtCertificate[], sent: Sent, bytes: SharedPage | undefined): AskedPage {
    sent.left--
    sent.readers++
    const isLast = sent.left <= 0
    if (isLast) this.remove(certificates, sent)
    const release = () => {
      sent.readers--
      this.reuse(sent)
    }
    return { page: sent.page, bytes, isLast, release }
  }

  private forgetOld(): void {
    for (const [certificates, sent] of this.sent) {
      if (this.sent.size <= MOST && (this.bytes <= MOST_BYTES || this.sent.size === 1)) return
      this.forget([sent.page])
      this.remove(certificates, sent)
    }
  }

  private remove(certificates: readonly CtCertificate[], sent: Sent): void {
    this.sent.delete(certificates)
    this.bytes -= sent.memory.length
    sent.isForgotten = true
    this.reuse(sent)
  }

  /** The memory is free when the thread has forgotten the page and no module reads it. */
  private reuse({ isForgotten, readers, memory }: Sent): void {
    if (isForgotten && readers === 0) this.pool.give(memory)
  }
}
