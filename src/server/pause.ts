import { abortable } from '../util/abort.js'
import { Notifier } from '../util/notifier.js'

/** Whether reading is paused. Clients are still served what is kept. */
export class Pause {
  private paused = false
  private readonly changed = new Notifier()

  get isPaused(): boolean {
    return this.paused
  }

  /** @returns The new state. */
  set(isPaused: boolean): { readonly isPaused: boolean } {
    this.paused = isPaused
    this.changed.notify()
    return { isPaused }
  }

  /** Resolves when reading may continue, or when the signal aborts. */
  async over(signal: AbortSignal): Promise<void> {
    while (this.paused && !signal.aborted) await abortable(this.changed.wait(), signal).catch(() => {})
  }
}
