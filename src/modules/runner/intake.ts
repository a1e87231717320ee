import type { FindingItem, Page } from '../module-queue.js'
import { TroubleLog } from '../trouble-log.js'
import type { AbandonedCalls } from './abandoned-calls.js'
import type { ModuleRecord } from './module-record.js'

/** Accepts work into a module's queue, or leaves it out. */
export class Intake {
  private readonly record: ModuleRecord
  private readonly abandoned: AbandonedCalls
  private readonly drops: TroubleLog
  private isClosed = false

  constructor(record: ModuleRecord, abandoned: AbandonedCalls) {
    this.record = record
    this.abandoned = abandoned
    this.drops = new TroubleLog(record.log, record.host.elapsed)
  }

  /** Whether there is room for more work. */
  get hasRoom(): boolean {
    const { prepared, queue, stop } = this.record
    return prepared.whenFull === 'drop' || queue.hasRoom || !this.takesWork || stop.aborted
  }

  /** Resolves when there is room. */
  async room(): Promise<void> {
    while (!this.hasRoom) await this.record.orStopped(this.record.queue.change())
  }

  give(page: Page): void {
    if (this.accepts(page.certificates.length)) this.record.queue.addPage(page)
  }

  giveFinding(item: FindingItem): void {
    if (this.accepts(1)) this.record.queue.addFinding(item)
  }

  /** Accepts nothing more. */
  close(): void {
    this.isClosed = true
  }

  drop(count: number, why: string): void {
    this.record.counts.dropped += count
    this.drops.trouble('warn', `left out certificates or findings: ${why}`, count)
  }

  /** Drops all waiting work. */
  dropQueue(why: string): void {
    const count = this.record.queue.discard()
    if (count > 0) this.drop(count, why)
  }

  /** Whether the module still takes work. */
  private get takesWork(): boolean {
    const { phase, mustFinish } = this.record
    return phase !== 'failed' && phase !== 'stopped' && !(this.abandoned.isHung && !mustFinish)
  }

  private accepts(count: number): boolean {
    const { record, abandoned } = this
    const { prepared, phase, queue } = record
    if (this.isClosed) {
      this.drop(count, 'it has ended')
      return false
    }
    if (prepared.isWaitedFor && phase !== 'failed' && (record.mustFinish || !abandoned.isHung)) return true
    if (phase === 'failed' && prepared.limits.onError !== 'stop-module') {
      // The run ends because of this module: unfinished work is not acknowledged, and comes again.
      return prepared.isWaitedFor
    }
    if (!this.takesWork) this.drop(count, abandoned.isHung ? 'it hangs' : 'it has stopped')
    else if (prepared.whenFull === 'drop' && !queue.hasRoom)
      this.drop(count, 'its queue is full (limits.queueEntries, limits.queueBytes, limits.whenFull)')
    else {
      this.drops.over('accepts all work again')
      return true
    }
    return false
  }
}
